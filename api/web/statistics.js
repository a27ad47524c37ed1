/* The statistics panel: what the server tells once a second of the way of the pictures, and what is seen of it here, as graphs. */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa, byId = Jiomosa.byId, make = Jiomosa.make;
  var STAGES = [ // in the order in which a frame passes them; those of the server as `stats` names them
    ['grab', 'Grab', '--one'], ['wait', 'Wait', '--two'], ['job', 'Hand over', '--six'], ['encode', 'Encode', '--three'],
    ['queue', 'Queue', '--seven'], ['send', 'Send', '--four']
  ];

  var FAST = 1000; // Mbit/s: what is above is one machine talking to itself

  function number(value, digits) { return typeof value === 'number' ? value.toFixed(digits) : '–'; }

  // emit(event, data); seen() -> {fps} of this device
  Jiomosa.statistics = function (emit, seen) {
    var wanted = false, figures = {}, legend = {};

    function figure(id, title, series, options) {
      var output = make('output', { id: 'figure-' + id, text: '–' });
      var canvas = make('canvas', { role: 'img', 'aria-label': title + ', the last minute' });
      var items = options.stacked && make('ul', { 'class': 'legend', 'aria-label': 'Stages' }, series.map(function (entry) {
        var swatch = make('i', { 'aria-hidden': 'true' });
        swatch.style.background = 'var(' + entry.colour + ')';
        legend[entry.id] = make('b', { text: '–' });
        return make('li', {}, [swatch, make('span', { text: entry.name }), legend[entry.id]]);
      }));
      byId('figures').appendChild(make('div', { 'class': 'figure' + (options.stacked ? ' tall' : '') }, [
        make('div', { 'class': 'figure-head' }, [make('h3', { text: title }), output]), canvas, items
      ]));
      figures[id] = { output: output, graph: Jiomosa.graph(canvas, series, options) };
    }
    figure('fps', 'Frames a second', [{ colour: '--one' }, { colour: '--two' }], { top: 30 });
    figure('latency', 'Latency on the server, by stage', STAGES.map(function (stage) {
      return { id: stage[0], name: stage[1], colour: stage[2] };
    }), { stacked: true, top: 10 });
    figure('bytes', 'Bytes a second', [{ colour: '--three' }], { top: 50000 });
    figure('quality', 'Quality', [{ colour: '--five' }], { top: 100 });

    function put(id, values, text) {
      figures[id].graph.push(values);
      Jiomosa.fill(figures[id].output, text);
    }
    function ask() { emit('stats:toggle', { enabled: wanted }); }

    return {
      toggle: function (open) {
        wanted = open;
        if (open) Object.keys(figures).forEach(function (id) { figures[id].graph.clear(); });
        ask();
      },
      again: function () { if (wanted) ask(); },
      show: function (stats) {
        var latency = stats.latency_ms || {}, drops = stats.drops || {}, link = stats.link, sum = 0, here = seen().fps;
        STAGES.forEach(function (stage) {
          sum += latency[stage[0]] || 0;
          Jiomosa.fill(legend[stage[0]], number(latency[stage[0]], 1));
        });
        var still = !stats.fps;
        put('fps', [stats.fps || 0, here], number(stats.fps, 0) + ' sent, ' + here + ' drawn');
        put('latency', STAGES.map(function (stage) { return still ? null : latency[stage[0]] || 0; }), still ? 'still' : number(sum, 1) + ' ms');
        put('bytes', [stats.bytes_per_second || 0], Jiomosa.bytes(stats.bytes_per_second || 0) + '/s');
        put('quality', [stats.quality || 0], number(stats.quality, 0) + ', up to ' + number(stats.fps_limit, 0) + ' fps');
        byId('link-facts').hidden = false;
        Jiomosa.fill(byId('link'), link ? (link.mbit > FAST ? 'over ' + FAST : number(link.mbit, 1)) + ' Mbit/s, ' + number(link.rtt_ms, 0) + ' ms' +
          (link.beyond ? ', narrow beyond the server' : '') : 'not known');
        Jiomosa.fill(byId('drops'), ['link', 'pace', 'encoder'].map(function (cause) { return (drops[cause] || 0) + ' ' + cause; }).join(', '));
      }
    };
  };
})(window);
