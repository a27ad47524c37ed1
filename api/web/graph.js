/* A small graph of the last minute on a canvas: Jiomosa.graph(canvas, series, options) -> {push(values)}.
 *
 *   series   [{name, colour: name of a CSS variable}]; options: stacked, top (the least height of the scale)
 * One value of each series a second; null is a gap. Colours are read anew each time, so that light and dark can change.
 */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa;
  var SECONDS = 60;

  Jiomosa.colour = function (variable) {
    return root.getComputedStyle(document.documentElement).getPropertyValue(variable).trim() || '#555';
  };

  Jiomosa.graph = function (canvas, series, options) {
    var rows = [];

    function sums(row) { // the upper edge of each series in this row
      var sum = 0;
      return row.map(function (value) { return options.stacked ? (sum += value || 0) : value; });
    }
    function draw() {
      var dense = root.devicePixelRatio || 1, width = Math.round(canvas.clientWidth * dense), height = Math.round(canvas.clientHeight * dense);
      var context = canvas.getContext('2d'), top = options.top;
      if (!width) return; // nobody sees it
      canvas.width = width;
      canvas.height = height;
      var edges = rows.map(sums);
      edges.forEach(function (row) { row.forEach(function (value) { top = Math.max(top, (value || 0) * 1.1); }); });
      function x(index) { return width - (rows.length - 1 - index) * width / (SECONDS - 1); }
      function y(value) { return height - 2 * dense - value / top * (height - 5 * dense); }

      context.strokeStyle = Jiomosa.colour('--line');
      context.lineWidth = 1;
      [0.5].forEach(function (part) {
        context.beginPath();
        context.moveTo(0, Math.round(height * part) + 0.5);
        context.lineTo(width, Math.round(height * part) + 0.5);
        context.stroke();
      });
      for (var s = series.length - 1; s >= 0; s--) {
        context.fillStyle = context.strokeStyle = Jiomosa.colour(series[s].colour);
        stretch(s);
      }

      function stretch(s) { // draws each run of known values
        var from = -1;
        for (var i = 0; i <= edges.length; i++) {
          var known = i < edges.length && edges[i][s] !== null;
          if (known && from < 0) from = i;
          if (known || from < 0) continue;
          context.beginPath();
          for (var j = from; j < i; j++) context.lineTo(x(j), y(edges[j][s]));
          context.lineWidth = 1.6 * dense;
          context.globalAlpha = 1;
          if (!options.stacked) context.stroke();
          context.lineTo(x(i - 1), height);
          context.lineTo(x(from), height);
          context.globalAlpha = options.stacked ? 1 : 0.16;
          context.fill();
          context.globalAlpha = 1;
          from = -1;
        }
      }
    }

    return {
      push: function (values) {
        rows.push(values);
        if (rows.length > SECONDS) rows.shift();
        draw();
      },
      clear: function () { rows = []; }
    };
  };
})(window);
