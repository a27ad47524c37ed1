/* What the viewer lets be set: address bar, quality, frame rate, adaptive mode, full screen, the settings panel. */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa = root.Jiomosa || {};
  var DRAG_INTERVAL = 200; // ms between two values sent while a slider is dragged
  var EVENTS = { quality: 'quality:set', fps: 'fps:set', adaptive: 'adaptive:toggle' };
  var SLIDERS = { quality: 'quality', fps: 'fps-limit' }; // names in the protocol -> ids in the page

  function byId(id) { return document.getElementById(id); }

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

  // ---- address bar: load(url, done(error)) does the loading
  Jiomosa.address = function (load) {
    var form = byId('address'), input = byId('url'), button = byId('go'), current = '', loading = false;

    form.addEventListener('submit', function (event) {
      var url = input.value.trim();
      event.preventDefault();
      if (!url || loading) return;
      loading = true;
      document.body.classList.add('loading');
      form.setAttribute('aria-busy', 'true');
      input.blur();
      load(url, function (error) {
        loading = false;
        document.body.classList.remove('loading');
        form.removeAttribute('aria-busy');
        if (error) input.value = url; // stays, to be mended
      });
    });
    input.addEventListener('focus', function () { setTimeout(function () { input.select(); }, 0); });
    input.addEventListener('keydown', function (event) {
      if (event.keyCode !== 27) return;
      input.value = current;
      input.blur();
    });
    byId('reload').addEventListener('click', function () {
      if (!current) return;
      input.value = current;
      button.click();
    });

    return {
      focus: function () { input.focus(); },
      show: function (page) {
        current = page.url || '';
        byId('page-title').textContent = page.title || current;
        document.title = (page.title || current || 'Session ' + Jiomosa.session) + ' – Jiomosa';
        if (document.activeElement !== input && !loading) input.value = current;
      }
    };
  };

  // ---- a button that opens and closes a panel
  Jiomosa.panel = function (button, panel) {
    function set(open) {
      panel.hidden = !open;
      button.setAttribute('aria-expanded', String(open));
    }
    button.addEventListener('click', function () { set(panel.hidden); });
    document.addEventListener('keydown', function (event) {
      if (event.keyCode !== 27 || panel.hidden || !panel.contains(document.activeElement)) return;
      set(false);
      button.focus();
    });
    return { close: function () { set(false); } };
  };

  // ---- full screen, where the browser has it
  Jiomosa.fullScreen = function (button, element) {
    var ask = element.requestFullscreen || element.webkitRequestFullscreen;
    var leave = document.exitFullscreen || document.webkitExitFullscreen;
    button.hidden = !ask;
    button.addEventListener('click', function () {
      (document.fullscreenElement || document.webkitFullscreenElement ? leave.call(document) : ask.call(element));
    });
  };
})(window);
