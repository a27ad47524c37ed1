/* The document's JavaScript client under Node, with the socket.io-client that is named: node node.js PACKAGE ADDRESS SESSION TRANSPORTS FORMAT
 * Prints one JSON line of what it met, and ends once it has seen frames, an acknowledgement, settings, an error and the end. */
'use strict';
const [, , name, address, session, transports, format] = process.argv;
const path = require('path');
const {io} = require(require.resolve(name, {paths: [path.resolve(__dirname, '../../../build/clients')]}));

const socket = io(address, {transports: transports.split(','), forceNew: true});
const met = {frames: 0, jpeg: true, fields: [], events: {}, transport: null};

function done(failure) {
  met.failure = failure || null;
  met.transport = socket.io.engine && socket.io.engine.transport.name;
  console.log(JSON.stringify(met));
  socket.close();
  clearTimeout(watchdog);
}
let acknowledged = 0; // of three inputs; they take the browser's time, so they may come after all the rest
const watchdog = setTimeout(() => done('timeout'), 20000);

socket.on('connect', () => socket.emit('subscribe', {session_id: session, format}));
for (const event of ['subscribed', 'input:acknowledged', 'quality:updated', 'fps:updated', 'adaptive:updated', 'error', 'unsubscribed']) {
  socket.on(event, (payload) => {
    met.events[event] = payload === undefined ? null : payload;
    if (event === 'fps:updated') { socket.emit('adaptive:toggle', {enabled: true}); }
    if (event === 'adaptive:updated') { socket.emit('input:click', {x: -1, y: 0}); }
    if (event === 'error') { socket.emit('unsubscribe'); }
    if (event === 'input:acknowledged') { acknowledged += 1; }
    if (acknowledged === 3 && 'unsubscribed' in met.events) { done(); }
  });
}
socket.on('frame', (data) => {
  met.frames += 1;
  met.fields = Object.keys(data).sort();
  const picture = format === 'binary' ? data.image : Buffer.from(data.image, 'base64');
  met.jpeg = met.jpeg && Buffer.isBuffer(picture);
  met.jpeg = met.jpeg && picture.length === data.size && picture[0] === 0xff && picture[1] === 0xd8 && Math.abs(Date.now() - data.timestamp) < 60000;
  if (met.frames === 5) {
    socket.emit('input:click', {x: 100, y: 200});
    socket.emit('input:scroll', {deltaX: 0, deltaY: 50});
    socket.emit('input:text', {text: 'hello world'});
    socket.emit('quality:set', {quality: 75});
    socket.emit('fps:set', {fps: 30});
  }
});
socket.on('connect_error', (error) => done(String(error)));
