/* What the viewer lets be set: quality, frame rate, adaptive mode; panels that open and close; full screen. */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa = root.Jiomosa || {};
  var DRAG_INTERVAL = 200; // ms between two values sent while a slider is dragged
  var EVENTS = { quality: 'quality:set', fps: 'fps:set', adaptive: 'adaptive:toggle' };
  var SLIDERS = { quality: 'quality', fps: 'fps-limit' }; // names in the protocol -> ids in the page

  var byId = Jiomosa.byId;

  // ---- quality, fps, adaptive. What was set by hand is remembered, so that it survives a lost connection.
  Jiomosa.settings = function (emit) {
    var chosen = {}, adaptive = byId('adaptive');

    function show(name, value) {
      var slider = byId(SLIDERS[name]);
      if (typeof value !== 'number' || slider.dragging) return; // never move the handle under somebody's finger
      slider.value = value;
      label(name);
    }
    function label(name) {
      byId(SLIDERS[name] + '-value').textContent = byId(SLIDERS[name]).value;
    }
    function send(name) {
      var data = {};
      data[name === 'adaptive' ? 'enabled' : name] = chosen[name];
      emit(EVENTS[name], data);
    }

    Object.keys(SLIDERS).forEach(function (name) {
      var slider = byId(SLIDERS[name]), timer = null;
      function choose() {
        clearTimeout(timer);
        timer = null;
        if (chosen[name] !== +slider.value) {
          chosen[name] = +slider.value;
          send(name);
        }
      }
      slider.addEventListener('input', function () {
        slider.dragging = true;
        label(name);
        timer = timer || setTimeout(choose, DRAG_INTERVAL);
      });
      slider.addEventListener('change', function () {
        slider.dragging = false;
        choose();
      });
      label(name);
    });
    adaptive.addEventListener('change', function () {
      chosen.adaptive = adaptive.checked;
      send('adaptive');
    });

    return {
      show: function (values) {
        show('quality', values.quality);
        show('fps', values.fps);
        var on = 'adaptive' in values ? values.adaptive : values.enabled; // `subscribed` and `adaptive:updated` name it differently
        if (typeof on === 'boolean') adaptive.checked = on;
      },
      again: function () { ['adaptive', 'quality', 'fps'].forEach(function (name) { if (name in chosen) send(name); }); }
    };
  };

  // ---- a panel, which the buttons that control it show to be open. One is open at a time.
  var panels = [];
  Jiomosa.panel = function (panel, onToggle) {
    var self = {
      open: function () { return !panel.hidden; },
      toggle: function (open) {
        if (open === undefined) open = panel.hidden;
        if (open !== panel.hidden) return;
        if (open) panels.forEach(function (other) { other.toggle(false); });
        panel.hidden = !open;
        Array.prototype.forEach.call(document.querySelectorAll('[aria-controls="' + panel.id + '"]'), function (button) {
          button.setAttribute('aria-expanded', String(open));
          if (!open && panel.contains(document.activeElement)) button.focus();
        });
        if (onToggle) onToggle(open);
      }
    };
    document.addEventListener('keydown', function (event) {
      if (event.keyCode === 27 && panel.contains(document.activeElement)) self.toggle(false);
    });
    panels.push(self);
    return self;
  };

  // ---- full screen, where the browser has it: a function that turns it on and off, or null
  Jiomosa.fullScreen = function (element) {
    var ask = element.requestFullscreen || element.webkitRequestFullscreen;
    var leave = document.exitFullscreen || document.webkitExitFullscreen;
    return ask ? function () { (document.fullscreenElement || document.webkitFullscreenElement ? leave.call(document) : ask.call(element)); } : null;
  };
  Jiomosa.inWindow = function (run) { // what lies beside the picture is not seen in full screen, and takes no focus
    var change = document.fullscreenElement ? 'fullscreenchange' : document.webkitFullscreenElement ? 'webkitfullscreenchange' : '';
    if (!change) return run();
    document.addEventListener(change, function left() {
      document.removeEventListener(change, left);
      run();
    });
    (document.exitFullscreen || document.webkitExitFullscreen).call(document);
  };
})(window);
