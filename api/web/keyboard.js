/* Typing -> input:text and input:key, through a textarea that nobody sees.
 *
 * While the page's focus is known to be in no text field, keys are told as they go down and up, for games and shortcuts. Otherwise what
 * is typed is text.
 *
 * A textarea rather than key events, because input methods (Chinese, emoji), on-screen keyboards and paste only speak to one.
 * It holds two invisible characters, so that a Backspace of an on-screen keyboard, which often comes as nothing but a
 * shorter text, can be told; what goes out is the difference to the text known before.
 */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa = root.Jiomosa || {};
  var REST = '\u200b\u200b';
  var PIECE = 8000; // characters of one input:text; the server takes up to 10,000
  // By keyCode, which old WebViews have too and which says the same on every layout. On-screen keyboards send 229 for all.
  var KEYS = {
    8: 'Backspace', 9: 'Tab', 13: 'Enter', 27: 'Escape', 33: 'PageUp', 34: 'PageDown', 35: 'End', 36: 'Home',
    37: 'ArrowLeft', 38: 'ArrowUp', 39: 'ArrowRight', 40: 'ArrowDown', 45: 'Insert', 46: 'Delete'
  };
  var COMBOS = 'ABCIKUXYZ'; // select all, copy, undo and the like; other Ctrl keys stay with this browser, Ctrl+V is paste here
  var LOCAL_WITH_CONTROL = { 9: 1, 27: 1, 33: 1, 34: 1 }; // they change this browser's tab
  var APPLE = /Mac|iP(hone|ad|od)/.test(root.navigator.platform || '');

  function commonPrefix(a, b) {
    var n = 0;
    while (n < a.length && n < b.length && a.charCodeAt(n) === b.charCodeAt(n)) n++;
    // never between the two halves of one character
    return n && a.charCodeAt(n - 1) >= 0xd800 && a.charCodeAt(n - 1) < 0xdc00 ? n - 1 : n;
  }
  function characters(text) { return text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '.').length; }

  var MODES = { email: 'email', url: 'url', tel: 'tel', number: 'decimal', search: 'search' }; // of the field -> inputmode
  var ALONE = { 16: 'Shift', 17: 'Control' };

  // emit(event, data) -> sent or not
  Jiomosa.keyboard = function (area, emit) {
    var known = REST, composing = false, playing = false, held = {}; // keyCode -> key that is down there
    var opened = false; // for a field, rather than by hand
    // With an on-screen keyboard each word is composed: waiting for its end would show nothing while a word is typed.
    var live = false;

    function reset() {
      area.value = known = REST;
      area.setSelectionRange(REST.length, REST.length);
    }
    function key(name, modifiers) { emit('input:key', { key: name, modifiers: modifiers || [] }); }
    function text(value) { // a long paste goes in pieces, none of which ends in the middle of a character
      for (var piece; value; value = value.slice(piece.length)) {
        piece = value.slice(0, PIECE);
        if (/[\ud800-\udbff]$/.test(piece) && piece.length < value.length) piece = piece.slice(0, -1);
        emit('input:text', { text: piece });
      }
    }

    function flush() {
      var value = area.value, same = commonPrefix(known, value), gone = characters(known.slice(same));
      for (var i = 0; i < gone; i++) key('Backspace');
      text(value.slice(same).replace(/\u200b/g, ''));
      known = value;
    }

    area.addEventListener('compositionstart', function () { composing = true; });
    area.addEventListener('compositionend', function () {
      composing = false;
      flush();
      reset();
    });
    area.addEventListener('input', function () {
      if (composing && !live) return;
      flush();
      if (!composing) reset();
    });
    area.addEventListener('paste', function (event) {
      event.preventDefault();
      text(event.clipboardData.getData('text/plain'));
    });
    area.addEventListener('keydown', function (event) {
      var code = event.keyCode, control = event.ctrlKey || (APPLE && event.metaKey), modifiers = [];
      if (event.isComposing || composing || code === 229) return;
      if (event.altKey || (event.metaKey && !APPLE)) return; // AltGr makes characters, Alt and the Windows key belong to this device
      if (playing && hold(event, code, control)) return event.preventDefault();
      if (control) modifiers.push('Control');
      if (event.shiftKey) modifiers.push('Shift');
      if (KEYS[code] && !(control && LOCAL_WITH_CONTROL[code])) {
        event.preventDefault();
        key(KEYS[code], modifiers);
      } else if (control && COMBOS.indexOf(String.fromCharCode(code)) >= 0 && (!event.shiftKey || code === 90)) {
        event.preventDefault();
        key(String.fromCharCode(code).toLowerCase(), modifiers);
      }
    });

    // ---- keys as they go down and up; what has no key of its own stays text
    function hold(event, code, control) {
      var name = ALONE[code] || KEYS[code] || (/^[ -~]$/.test(event.key || '') ? event.key : '');
      if (!name || (control && !ALONE[code])) return false;
      if (ALONE[code] && held[code]) return true;
      // Again and again while it is held, as this keyboard does: that is how a page scrolls on.
      if (emit('input:key', { key: name, action: 'down' })) held[code] = name;
      return true;
    }
    function release() {
      Object.keys(held).forEach(function (code) { emit('input:key', { key: held[code], action: 'up' }); });
      held = {};
    }
    area.addEventListener('keyup', function (event) {
      if (!held[event.keyCode]) return;
      emit('input:key', { key: held[event.keyCode], action: 'up' });
      delete held[event.keyCode];
    });
    area.addEventListener('blur', release);
    root.addEventListener('blur', release);

    reset();
    return {
      // What `focus` tells of the page's focus. `at` ({left, top, height}) is where the field is in the stage, for the windows of input methods.
      field: function (field, at, byTouch) {
        if (!field.editable !== playing) release();
        playing = !field.editable;
        area.setAttribute('inputmode', field.editable ? MODES[field.type] || 'text' : 'text');
        area.setAttribute('enterkeyhint', field.type === 'search' ? 'search' : field.multiline ? 'enter' : 'go');
        if (field.editable && at) {
          area.style.left = Math.max(0, at.left) + 'px';
          area.style.top = Math.max(0, at.top) + 'px';
          area.style.height = Math.max(16, at.height) + 'px';
        }
        if (!byTouch) return;
        if (field.editable) {
          if (document.activeElement !== area) opened = true;
          this.focus(true);
        } else if (opened) {
          opened = false;
          area.blur();
        }
      },
      // Nothing is known of the page's focus any more: what is typed is text.
      forget: function () {
        held = {};
        playing = false;
      },
      focus: function (onScreen) {
        live = !!onScreen;
        try { area.focus({ preventScroll: true }); } catch (error) { area.focus(); }
        if (!composing) reset();
      },
      blur: function () {
        opened = false;
        area.blur();
      },
      active: function () { return document.activeElement === area; }
    };
  };
})(window);
