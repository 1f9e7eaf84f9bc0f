/** The page at /docs: the description of the API for people, in one file that asks for nothing but /openapi.json. */

const style = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; color: #1a1a1a; background: #fff; }
h2 { margin-top: 2rem; border-bottom: 1px solid #ccc; }
details { border: 1px solid #ddd; border-radius: 6px; margin: .4rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; } code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { background: #f5f5f5; padding: .6rem; overflow: auto; border-radius: 4px; }
.method { display: inline-block; min-width: 4.5rem; font-weight: 600; text-transform: uppercase; }
.access { color: #666; font-size: 13px; } table { border-collapse: collapse; } td, th { text-align: left; padding: .15rem .8rem .15rem 0; vertical-align: top; }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #16181c; } pre { background: #22252b; } details, h2 { border-color: #3a3e46; } .access { color: #aaa; } }`;

const script = `
const element = (name, text, parts = []) => { const e = document.createElement(name); if (text) e.textContent = text; e.append(...parts); return e; };
const resolve = (document, schema, seen = []) => {
  if (schema && schema.$ref) {
    if (seen.includes(schema.$ref)) return {};
    return resolve(document, document.components.schemas[schema.$ref.split('/').pop()], [...seen, schema.$ref]);
  }
  return schema || {};
};
const typeOf = (document, schema) => {
  const name = schema.$ref && schema.$ref.split('/').pop();
  const s = resolve(document, schema);
  if (s.enum) return s.enum.join(' | ');
  if (s.const !== undefined) return JSON.stringify(s.const);
  if (s.type === 'array') return 'list of ' + typeOf(document, s.items || {});
  if (s.anyOf || s.oneOf) return (s.anyOf || s.oneOf).map((each) => typeOf(document, each)).join(' | ');
  return name || s.type || 'any';
};
const fields = (document, schema) => {
  const s = resolve(document, schema);
  if (s.type === 'array') return fields(document, s.items);
  const rows = Object.entries(s.properties || {}).map(([name, each]) => {
    const inner = resolve(document, each);
    const must = (s.required || []).includes(name) ? '' : ' (optional)';
    const value = each.default ?? inner.default;
    return element('tr', '', [element('td', '', [element('code', name)]), element('td', typeOf(document, each) + must),
      element('td', (each.description || inner.description || '') + (value === undefined ? '' : ' Default: ' + JSON.stringify(value)))]);
  });
  return element('table', '', rows);
};
fetch('openapi.json').then((reply) => reply.json()).then((document_) => {
  const groups = new Map();
  for (const [path, methods] of Object.entries(document_.paths))
    for (const [method, operation] of Object.entries(methods)) {
      const group = operation.tags[0];
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push({ path, method, operation });
    }
  const main = document.querySelector('main');
  for (const [group, operations] of groups) {
    main.append(element('h2', group));
    for (const { path, method, operation } of operations) {
      const method_ = element('span', method); method_.className = 'method';
      const access = element('span', operation['x-access'] ? ' ' + operation['x-access'] : ' open'); access.className = 'access';
      const parts = [element('summary', '', [method_, element('code', path), access, element('div', operation.summary)])];
      if (operation.parameters.length) parts.push(element('h4', 'Parameters'), element('table', '', operation.parameters.map((each) =>
        element('tr', '', [element('td', '', [element('code', each.name)]), element('td', typeOf(document_, each.schema)), element('td', each.description || '')]))));
      const body = operation.requestBody && operation.requestBody.content['application/json'];
      if (operation.requestBody && !body) parts.push(element('h4', 'Request'), element('p', 'The bytes of the file, as application/octet-stream.'));
      if (body) parts.push(element('h4', 'Request'), fields(document_, body.schema));
      const reply = operation.responses[200].content['application/json'];
      if (reply) parts.push(element('h4', 'Reply'), fields(document_, reply.schema));
      main.append(element('details', '', parts));
    }
  }
}).catch((error) => { document.querySelector('main').textContent = 'openapi.json could not be read: ' + error; });`;

export const docsPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>DeepTaste API</title>
<style>${style}</style></head>
<body><h1>DeepTaste API</h1><p>Every route of this server. <a href="openapi.json">openapi.json</a> describes them for programs (OpenAPI 3.1).</p>
<main></main><script>${script}</script></body></html>
`;

/** Nothing from elsewhere is loaded, and no other page may frame this one. */
export const docsPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'";
