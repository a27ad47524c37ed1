/* The form that makes a session: device presets, and what each of them stands for. */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa, byId = Jiomosa.byId, make = Jiomosa.make;
  var BARS = { wide: 56, narrow: 108 }; // height of the viewer's bars, as in viewer.css
  var LIMITS = { width: [160, 3840], height: [120, 3840] }; // the server's
  var PRESETS = [
    { id: 'screen', name: 'This screen' },
    { id: 'threadx', name: 'ThreadX panel', width: 320, height: 240 },
    { id: 'threadx-wide', name: 'ThreadX wide', width: 480, height: 272 },
    { id: 'phone', name: 'Phone', width: 390, height: 844, touch: true, mobile: true },
    { id: 'tablet', name: 'Tablet', width: 820, height: 1180, touch: true, mobile: true },
    { id: 'hd', name: '720p', width: 1280, height: 720 },
    { id: 'full-hd', name: '1080p', width: 1920, height: 1080 }
  ];
  var LARGEST = 34; // pixels of the longer side of a preset's drawing

  function within(name, value) { return Math.max(LIMITS[name][0], Math.min(LIMITS[name][1], Math.round(value))); }

  // A device's outline in its proportions, so that the choice can be made by looking.
  function outline(preset) {
    var svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg'), rect = document.createElementNS(svg.namespaceURI, 'rect');
    var scale = LARGEST / Math.max(preset.width, preset.height) * (0.55 + 0.45 * Math.min(1, Math.max(preset.width, preset.height) / 1920));
    var width = Math.max(8, preset.width * scale), height = Math.max(8, preset.height * scale);
    svg.setAttribute('viewBox', '0 0 40 40');
    svg.setAttribute('aria-hidden', 'true');
    [['x', 20 - width / 2], ['y', 20 - height / 2], ['width', width], ['height', height], ['rx', preset.mobile ? 4 : 2]].forEach(function (pair) {
      rect.setAttribute(pair[0], pair[1]);
    });
    svg.appendChild(rect);
    return svg;
  }

  // create(body, done): makes the session; done() once that has ended, well or not
  Jiomosa.presets = function (create) {
    var chosen = null;

    function choose(preset) {
      chosen = preset;
      byId('width').value = preset.width;
      byId('height').value = preset.height;
      byId('touch').checked = !!preset.touch;
      byId('mobile').checked = !!preset.mobile;
    }

    PRESETS.forEach(function (preset) {
      if (preset.id === 'screen') {
        preset.width = within('width', root.innerWidth);
        preset.height = within('height', root.innerHeight - (root.innerWidth < 720 ? BARS.narrow : BARS.wide));
        preset.touch = preset.mobile = root.innerWidth < 720;
      }
      var input = make('input', { type: 'radio', name: 'preset', id: 'preset-' + preset.id, value: preset.id, change: function () { choose(preset); } });
      byId('presets').appendChild(make('label', { 'class': 'preset', 'for': input.id }, [input, make('span', { 'class': 'face' }, [
        outline(preset),
        make('strong', { text: preset.name }),
        make('small', { text: preset.width + ' × ' + preset.height + (preset.touch ? ', touch' : '') })
      ])]));
      // A page made for 1280 pixels is unreadable on a phone.
      if (preset.id === (root.innerWidth < 900 ? 'screen' : 'hd')) {
        input.checked = true;
        choose(preset);
      }
    });
    // A size by hand is nobody's preset.
    ['width', 'height'].forEach(function (name) {
      byId(name).addEventListener('input', function () {
        if (chosen) byId('preset-' + chosen.id).checked = false;
        chosen = null;
      });
    });

    byId('create').addEventListener('submit', function (event) {
      var button = byId('start'), body = { width: +byId('width').value, height: +byId('height').value };
      event.preventDefault();
      if (button.disabled) return;
      // Only what was chosen is said: a server that does not know an option must not see it.
      ['touch', 'mobile'].forEach(function (name) { if (byId(name).checked) body[name] = true; });
      [['user_agent', 'agent'], ['url', 'url'], ['session_id', 'session-id']].forEach(function (pair) {
        var value = byId(pair[1]).value.trim();
        if (value) body[pair[0]] = value;
      });
      if (+byId('scale').value !== 1) body.device_scale = +byId('scale').value;
      button.disabled = true;
      button.textContent = 'Starting…';
      create(body, function () {
        button.disabled = false;
        button.textContent = 'Start browser';
      });
    });
  };
})(window);
