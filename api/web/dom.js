/* Elements made and found: what every page's scripts share. Jiomosa.make builds, Jiomosa.icon draws, Jiomosa.byId finds. */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa = root.Jiomosa || {};
  var SVG = 'http://www.w3.org/2000/svg';
  var ICONS = {
    close: 'M6 6l12 12M18 6L6 18', copy: 'M9 9h11v11H9zM5 15H4V4h11v1', statistics: 'M4 20V4m0 16h16M8 15l3-5 3 3 5-7',
    help: 'M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4m0 3h.01', full: 'M9 4H4v5m16 0V4h-5m0 16h5v-5M4 15v5h5',
    fit: 'M4 5h16v14H4zM8 12h8m-5-3l-3 3 3 3m2-6l3 3-3 3', share: 'M12 15V4m-4 4l4-4 4 4M5 13v7h14v-7', plus: 'M12 5v14M5 12h14'
  };

  Jiomosa.byId = function (id) { return document.getElementById(id); };

  // attributes: `text` is the content, functions are listeners of that event, true is an attribute without a value, false and null are none
  Jiomosa.make = function (tag, attributes, children) {
    var element = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) {
      var value = attributes[name];
      if (name === 'text') element.textContent = value;
      else if (typeof value === 'function') element.addEventListener(name, value);
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? '' : value);
    });
    (children || []).forEach(function (child) { if (child) element.appendChild(child); });
    return element;
  };

  Jiomosa.icon = function (name) {
    var svg = document.createElementNS(SVG, 'svg'), path = document.createElementNS(SVG, 'path');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    path.setAttribute('d', ICONS[name]);
    svg.appendChild(path);
    return svg;
  };

  // Writes only what differs: a live region must not say again what it has said.
  Jiomosa.fill = function (element, text) { if (element.textContent !== text) element.textContent = text; };
  Jiomosa.say = function (id, text) {
    Jiomosa.fill(Jiomosa.byId(id), text || '');
    Jiomosa.byId(id).hidden = !text;
  };
  Jiomosa.plural = function (count, word) { return count + ' ' + word + (count === 1 ? '' : 's'); };
  Jiomosa.bytes = function (bytes) {
    var unit = 0, units = ['B', 'kB', 'MB', 'GB', 'TB'];
    for (; bytes >= 1000 && unit < units.length - 1; unit++) bytes /= 1000;
    return (bytes < 10 && unit ? bytes.toFixed(1) : Math.round(bytes)) + ' ' + units[unit];
  };
  Jiomosa.duration = function (seconds) {
    if (seconds < 60) return Math.round(seconds) + ' s';
    if (seconds < 3600) return Math.floor(seconds / 60) + ' min';
    if (seconds < 86400) return Math.floor(seconds / 3600) + ' h ' + Math.floor(seconds % 3600 / 60) + ' min';
    return Math.floor(seconds / 86400) + ' d ' + Math.floor(seconds % 86400 / 3600) + ' h';
  };
  Jiomosa.ago = function (seconds) { return seconds < 60 ? 'just now' : Jiomosa.duration(seconds) + ' ago'; };

  // A button whose deed cannot be undone: the first press asks, the second within SURE ms does it.
  var SURE = 4000;
  Jiomosa.sureButton = function (label, what, act) {
    var timer = null, button = Jiomosa.make('button', { type: 'button', click: function () {
      if (timer) {
        calm();
        return act(button);
      }
      timer = setTimeout(calm, SURE);
      button.textContent = 'Really ' + label.toLowerCase() + '?';
      button.className = 'go plain danger';
      button.setAttribute('aria-label', 'Really ' + label.toLowerCase() + ' ' + what + '?');
    } });
    function calm() {
      clearTimeout(timer);
      timer = null;
      button.textContent = label;
      button.className = 'go plain';
      button.setAttribute('aria-label', label + ' ' + what);
    }
    calm();
    return button;
  };
})(window);
