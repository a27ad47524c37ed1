/* The viewer's commands: what each button, key and entry of the menu does. */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa;
  var ZOOM = 1.25; // each press of Alt+Plus
  var TABS = 8; // that have a key of their own

  // parts: what viewer.js made, by name
  Jiomosa.deeds = function (parts) {
    var commands = Jiomosa.commands(), browsing = parts.browsing, stage = parts.stage, fullScreen = Jiomosa.fullScreen(stage);

    function zoom(factor) {
      var rect = stage.getBoundingClientRect();
      parts.picture.zoomBy(factor, rect.left + rect.width / 2, rect.top + rect.height / 2);
    }
    function help() { commands.help(parts.touching.passes()); }
    function inWindow(run) { return function () { Jiomosa.inWindow(run); }; }
    var address = inWindow(browsing.focus);
    function toAddress() { if (parts.keyboard.active()) address(); else parts.keyboard.focus(); }
    var group = 'The page';
    function add(id, label, keys, run, icon) { commands.add({ id: id, label: label, keys: keys, run: run, icon: icon, group: group }); }
    function twin(keys, run) { commands.add({ id: keys, keys: keys, run: run }); } // another key for what the list has already
    function fromMenu(run) {
      return function () {
        parts.panels.settings.toggle(false);
        run();
      };
    }

    add('address', 'Address', 'Ctrl+L', address);
    add('leave', 'Address or picture', 'F6', toAddress);
    add('back', 'Back', 'Alt+ArrowLeft', browsing.back);
    add('forward', 'Forward', 'Alt+ArrowRight', browsing.forward);
    add('reload', 'Load again, or stop', 'F5', browsing.reload);
    twin('Ctrl+R', browsing.reload);
    add('tab-new', 'New tab', 'Alt+T', fromMenu(inWindow(browsing.newTab)), 'plus');
    Jiomosa.byId('deed-tab-new').hidden = true; // until the server tells of tabs
    add('tab-close', 'Close this tab', 'Alt+W', browsing.closeTab);
    add('tab-1', 'First to eighth tab', 'Alt+1', function () { browsing.tabAt(0); });
    for (var i = 2; i <= TABS; i++) twin('Alt+' + i, browsing.tabAt.bind(null, i - 1));
    group = 'The viewer';
    add('statistics', 'Statistics', 'Alt+S', inWindow(function () { parts.panels.statistics.toggle(); }), 'statistics');
    add('clipboard', 'Clipboard', 'Alt+C', fromMenu(parts.clipboard.open), 'copy');
    add('share', 'Share', 'Alt+H', fromMenu(function () { Jiomosa.share(parts.toast); }), 'share');
    add('resize', 'Fit to window', 'Alt+F', fromMenu(function () {
      // Whole pixels of this window; the server has the last word about what it can do.
      parts.emit('resize', { width: Math.max(160, Math.round(stage.clientWidth)), height: Math.max(120, Math.round(stage.clientHeight)) });
    }), 'fit');
    if (fullScreen) add('full-screen', 'Full screen', 'Alt+Enter', fromMenu(fullScreen), 'full');
    add('settings', 'Menu and settings', 'Alt+M', inWindow(function () { parts.panels.settings.toggle(); }));
    add('zoom-in', 'Zoom the picture in', 'Alt+Plus', function () { zoom(ZOOM); });
    add('zoom-away', 'Zoom the picture out', 'Alt+Minus', function () { zoom(1 / ZOOM); });
    add('zoom-reset', 'Whole picture', 'Alt+0', parts.picture.wholeAgain);
    add('help', 'Shortcuts', 'F1', fromMenu(help), 'help');
    twin('?', help);
    add('keyboard', 'On-screen keyboard', '', function () { if (parts.keyboard.active()) parts.keyboard.blur(); else parts.keyboard.focus(true); });
    add('dismiss', 'Dismiss the message', '', function () { browsing.problem(''); });
    if (!fullScreen) Jiomosa.byId('full-screen').hidden = true;
  };
})(window);
