/* Renders /openapi.json as a page: each operation with what it takes and what it answers. Text only, nothing from outside. */
(function () {
  'use strict';

  function element(tag, text, parent) {
    var made = document.createElement(tag);
    if (text) { made.textContent = text; }
    if (parent) { parent.appendChild(made); }
    return made;
  }

  /* A schema as the JSON that a person would write: {"width": integer 160..3840, ...}. */
  function sketch(schema, all) {
    if (schema.$ref) { return sketch(all[schema.$ref.split('/').pop()], all); }
    if (schema.anyOf) { return schema.anyOf.map(function (one) { return sketch(one, all); }).join(' or '); }
    if (schema.type === 'object' && schema.properties) {
      var required = schema.required || [];
      var lines = Object.keys(schema.properties).map(function (name) {
        var optional = required.indexOf(name) < 0 ? '   (optional)' : '';
        return '  "' + name + '": ' + sketch(schema.properties[name], all).replace(/\n/g, '\n  ') + optional;
      });
      return '{\n' + lines.join('\n') + '\n}';
    }
    if (schema.type === 'array') { return '[' + sketch(schema.items, all) + ', …]'; }
    var text = schema.type || 'any';
    if (schema.minimum !== undefined) { text += ' ' + schema.minimum + '..' + schema.maximum; }
    if (schema.pattern) { text += ' ' + schema.pattern; }
    return text;
  }

  function body(content, all) {
    var type = Object.keys(content)[0];
    return type === 'application/json' ? sketch(content[type].schema, all) : type;
  }

  function show(api) {
    var all = api.components.schemas;
    var list = document.getElementById('operations');
    list.textContent = '';
    Object.keys(api.paths).forEach(function (path) {
      Object.keys(api.paths[path]).forEach(function (method) {
        var operation = api.paths[path][method];
        var section = element('section', '', list);
        var heading = element('h2', '', section);
        element('span', method.toUpperCase(), heading).className = 'method';
        element('span', path, heading);
        element('p', operation.summary + ' ' + (operation.description || '').trim(), section);
        if (operation.requestBody) {
          element('p', 'Takes', section);
          element('pre', body(operation.requestBody.content, all), section);
        }
        Object.keys(operation.responses).forEach(function (status) {
          var response = operation.responses[status];
          element('p', 'Answers ' + status + ': ' + response.description, section);
          if (status < 400 && response.content) { element('pre', body(response.content, all), section); }
        });
      });
    });
  }

  fetch('openapi.json').then(function (response) { return response.json(); }).then(show, function () {
    document.getElementById('operations').textContent = 'The server did not answer; reload the page to try again.';
  });
})();
