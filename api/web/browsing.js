/* The page and its tabs: address bar, back, forward, reload and stop, the strip of tabs. What is shown is what `page` and `tab:list` say.
 *
 * A server that does not know them is asked over REST, as before there were any: load, and the title and address now and then.
 */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa, byId = Jiomosa.byId, make = Jiomosa.make;

  // emit(event, data) -> sent or not; load(url, done(error)) is the way over REST; onLoad() comes when an address has been asked for
  Jiomosa.browsing = function (emit, load, onLoad) {
    var form = byId('address'), input = byId('url'), page = { url: '', title: '', loading: false }, told = false, asking = false, edited = false;

    function busy() {
      var on = asking || page.loading, reload = byId('reload'), label = on && told ? 'Stop loading' : 'Load this page again';
      document.body.classList[on ? 'add' : 'remove']('loading');
      form.setAttribute('aria-busy', String(on));
      reload.setAttribute('aria-label', label);
      reload.title = label;
    }
    function show(now) {
      page.url = now.url === 'about:blank' ? '' : now.url || '';
      page.title = now.title || '';
      Jiomosa.fill(byId('page-title'), page.title || page.url || 'Empty page');
      document.title = (page.title || page.url || 'Session ' + Jiomosa.session) + ' – Jiomosa';
      if (!edited && !asking) input.value = page.url;
      input.title = page.url;
    }
    function problem(text) {
      byId('address-problem').hidden = !text;
      Jiomosa.fill(byId('address-problem-text'), text || '');
    }
    function go(url) {
      if (!url) return;
      problem('');
      edited = false;
      onLoad();
      if (told && emit('navigate', { url: url })) return;
      if (asking) return;
      asking = true;
      busy();
      load(url, function (error) {
        asking = false;
        busy();
        if (!error) return;
        input.value = url; // stays, to be mended
        edited = true;
        problem(error.message);
      });
    }

    form.addEventListener('submit', function (event) {
      event.preventDefault();
      input.blur();
      go(input.value.trim());
    });
    input.addEventListener('focus', function () { setTimeout(function () { input.select(); }, 0); });
    input.addEventListener('input', function () { edited = true; });
    input.addEventListener('blur', function () { if (!input.value.trim()) edited = false; });
    input.addEventListener('keydown', function (event) {
      if (event.keyCode !== 27) return;
      edited = false;
      input.value = page.url;
      input.blur();
      problem('');
    });

    // ---- tabs. Buttons in a list: each tab has a name and a cross, and both must be reachable.
    var active = null, order = [];
    function tabs(list) {
      var strip = byId('tabs'), held = document.activeElement && strip.contains(document.activeElement) ? document.activeElement.id : '';
      byId('strip').hidden = false;
      document.body.classList.add('tabbed');
      strip.textContent = '';
      document.body.classList[list.length === 1 ? 'add' : 'remove']('one-tab');
      byId('deed-tab-new').hidden = false;
      order = list.map(function (tab) { return tab.tab; });
      list.forEach(function (tab, index) {
        var name = tab.title || (tab.url && tab.url !== 'about:blank' ? tab.url : 'New tab');
        if (tab.active) active = tab.tab;
        strip.appendChild(make('li', { 'class': 'tab' + (tab.active ? ' active' : '') }, [
          make('button', {
            id: 'tab-' + index, 'class': 'name', type: 'button', text: name, title: name, 'aria-current': tab.active ? 'true' : null,
            click: function () { emit('tab:activate', { tab: tab.tab }); }, auxclick: function (event) {
              if (event.button === 1) emit('tab:close', { tab: tab.tab });
            }
          }),
          list.length > 1 && make('button', {
            id: 'shut-' + index, 'class': 'shut', type: 'button', 'aria-label': 'Close ' + name, title: 'Close this tab',
            click: function () { emit('tab:close', { tab: tab.tab }); }
          }, [Jiomosa.icon('close')])
        ]));
      });
      if (held) (byId(held) || byId('tab-0') || input).focus();
      root.dispatchEvent(new root.Event('resize')); // the stage may have become lower
    }

    return {
      focus: function () { input.focus(); },
      problem: problem,
      // of `page`; and of REST, which knows only title and address
      page: function (now) {
        told = true;
        asking = false;
        if (now.loading && !page.loading) problem(''); // it was about the load before
        page.loading = !!now.loading;
        byId('back').disabled = !now.can_go_back;
        byId('forward').disabled = !now.can_go_forward;
        show(now);
        busy();
      },
      info: function (now) { if (!told) show(now); },
      told: function () { return told; },
      tabs: tabs,
      back: function () { emit('back', {}); },
      forward: function () { emit('forward', {}); },
      reload: function () {
        if (told) return emit(page.loading ? 'stop' : 'reload', {});
        if (page.url) go(page.url);
      },
      newTab: function () { emit('tab:new', {}); },
      closeTab: function () { if (order.length > 1) emit('tab:close', { tab: active }); },
      tabAt: function (index) { if (index < order.length) emit('tab:activate', { tab: order[index] }); }
    };
  };
})(window);
