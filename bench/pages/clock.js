/* Paints the clock that bench/clock.py reads. Call paintClock() first thing in every painted frame; countEvent() on an event.
   A page that must damage few rows sets clockEdges = ['top'] first: then nothing tells whether a picture is torn. */
(function () {
  'use strict';
  var CELL = 16, CELLS = 42;
  var events = 0;
  var strips = [];

  function strip(edge) {
    var canvas = document.createElement('canvas');
    canvas.width = CELL * CELLS;
    canvas.height = CELL;
    canvas.style.cssText = 'position:fixed;left:0;z-index:9;pointer-events:none;' + edge + ':0';
    document.body.appendChild(canvas);
    strips.push(canvas.getContext('2d', {alpha: false}));
  }

  window.countEvent = function () { events = (events + 1) % 64; };

  window.paintClock = function () {
    if (!strips.length) { (window.clockEdges || ['top', 'bottom']).forEach(strip); }
    var ticks = Math.floor((performance.timeOrigin + performance.now()) * 10) % 1073741824;
    var text = ticks.toString(2).padStart(30, '0') + events.toString(2).padStart(6, '0');
    var ones = text.split('1').length - 1;
    text = '10' + text + (ones % 16).toString(2).padStart(4, '0');
    strips.forEach(function (context) {
      context.fillStyle = '#000';
      context.fillRect(0, 0, CELL * CELLS, CELL);
      context.fillStyle = '#fff';
      for (var i = 0; i < CELLS; i++) {
        if (text[i] === '1') { context.fillRect(i * CELL, 0, CELL, CELL); }
      }
    });
  };
})();
