/* What can be done with the viewer, each thing once: its buttons (data-do), its keys, its place in the menu and in the list of shortcuts.
 *
 *   add({id, label, keys, run(), icon?, group?})   keys like 'Alt+ArrowLeft', 'F1' or '?'; with an icon it stands in the menu, with a group
 *   in the list of shortcuts
 * Keys come here first, wherever the focus is, but for those without Alt or Ctrl that write something ('?') and those in a modal.
 */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa, byId = Jiomosa.byId, make = Jiomosa.make;
  // By keyCode, which old WebViews have too, and which Alt on a Mac does not change.
  var CODES = { ArrowLeft: 37, ArrowRight: 39, Enter: 13, F1: 112, F5: 116, F6: 117, '?': 191, Plus: 187, Minus: 189 };
  var SAID = { ArrowLeft: '←', ArrowRight: '→', Plus: '+', Minus: '−' };
  // What is not a command of ours but worth knowing; the list of shortcuts ends with it. keyboard.js and touch.js have the last word.
  var PICTURE = [['Click, drag, wheel', 'go to the page as they are'], ['Text, arrows, Enter and the like', 'go to the page'],
    ['Ctrl+A, B, I, K, U, X, Y, Z', 'go to the page'], ['Ctrl+C', 'copies from the page'],
    ['Ctrl+V', 'types what is on this device’s clipboard'], ['F keys, all with Alt or the Windows key, Ctrl with other letters', 'stay on this device']];
  var FINGERS = [['Tap', 'click'], ['Drag', 'scroll'], ['Hold', 'right click'], ['Two fingers', 'zoom and move the picture']];
  var FINGERS_THERE = [['Tap, drag, hold, two fingers', 'go to the page as they are']];

  Jiomosa.commands = function () {
    var all = [], named = {};

    function matches(keys, event) {
      var parts = keys.split('+'), key = parts.pop(), alt = parts.indexOf('Alt') >= 0, control = parts.indexOf('Ctrl') >= 0;
      if (event.altKey !== alt || event.ctrlKey !== control || event.metaKey) return false;
      if (key === '?') return event.key === '?' || (event.shiftKey && event.keyCode === CODES['?']);
      return !event.shiftKey && event.keyCode === (CODES[key] || key.charCodeAt(0));
    }
    function writes(element) { return /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName); }

    document.addEventListener('keydown', function (event) {
      if (Jiomosa.modalOpen()) return;
      all.forEach(function (command) {
        if (event.defaultPrevented || !command.keys || !matches(command.keys, event)) return;
        if (command.keys === '?' && writes(event.target)) return;
        event.preventDefault();
        event.stopPropagation();
        command.run();
      });
    }, true);
    document.addEventListener('click', function (event) {
      var element = event.target;
      while (element && element.getAttribute && !element.getAttribute('data-do')) element = element.parentNode;
      var command = element && element.getAttribute && named[element.getAttribute('data-do')];
      if (command) command.run();
    });

    function shown(keys) {
      var parts = keys.split(/\+(?=.)/), cell = make('td');
      parts.forEach(function (part, index) {
        if (index) cell.appendChild(document.createTextNode('\u00a0'));
        cell.appendChild(make('kbd', { text: SAID[part] || part }));
      });
      return cell;
    }
    function table(rows) {
      return make('table', { 'class': 'shortcuts' }, [make('tbody', {}, rows.map(function (row) {
        return make('tr', {}, [make('th', { scope: 'row', text: row[0] }), row[1]]);
      }))]);
    }

    return {
      add: function (command) {
        all.push(command);
        named[command.id] = command;
        if (!command.icon) return;
        byId('deeds').appendChild(make('button', { 'class': 'deed', type: 'button', 'data-do': command.id, id: 'deed-' + command.id }, [
          Jiomosa.icon(command.icon), make('span', { text: command.label })
        ]));
      },
      // touch: the session has a touch screen
      help: function (touch) {
        var elsewhere = { 'On the picture': PICTURE, 'With fingers': touch ? FINGERS_THERE : FINGERS };
        var columns = ['The page', 'The viewer'].map(function (group) {
          return make('div', {}, [make('h3', { text: group }), table(all.filter(function (command) { return command.keys && command.group === group; })
            .map(function (command) { return [command.label, shown(command.keys)]; }))]);
        });
        columns.push(make('div', {}, Object.keys(elsewhere).reduce(function (list, group) {
          return list.concat(make('h3', { text: group }), table(elsewhere[group].map(function (row) {
            return [row[0], make('td', { text: row[1] })];
          })));
        }, [])));
        Jiomosa.modal({ title: 'Shortcuts', wide: true, body: [make('div', { 'class': 'columns' }, columns)], deeds: [{ label: 'Close' }] });
      }
    };
  };
})(window);
