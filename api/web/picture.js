/* The picture: decodes frames, draws the newest, maps points of the screen to pixels of the frame.
 *
 * One frame is being decoded and at most one waits; a newer one takes the waiting one's place and is counted as skipped, so
 * a weak device shows fewer pictures but never old ones. createImageBitmap decodes beside the main thread; where
 * it is missing an <img> does the work. Both end on the same canvas: one geometry, and never a flicker between pictures.
 */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa = root.Jiomosa || {};
  var SECOND = 1000;
  var MAX_ZOOM = 8;

  function bytesOf(base64) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
    var text = atob(base64), bytes = new Uint8Array(text.length);
    for (var i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  // decode(frame, done): done(something drawable, or null when the picture is damaged)
  function decodeAside(frame, done) {
    var bytes = typeof frame.image === 'string' ? bytesOf(frame.image) : frame.image;
    root.createImageBitmap(new Blob([bytes], { type: 'image/jpeg' })).then(done, function () { done(null); });
  }
  function decodeByElement(frame, done) {
    var image = new Image();
    image.onload = function () { done(image); };
    image.onerror = function () { done(null); };
    image.src = frame.src || 'data:image/jpeg;base64,' + frame.image;
  }

  // canvas stands in the middle of stage; onDrawn(frame) comes after each frame on screen
  Jiomosa.Picture = function (canvas, stage, onDrawn) {
    var context = canvas.getContext('2d', { alpha: false });
    var busy = false, waiting = null, times = [];
    var self = this;
    self.skipped = 0;
    self.damaged = 0;
    self.shown = 0;

    // A frame is {image: base64 or ArrayBuffer} or {src: address}; done(whether it was drawn) is for those who pace themselves.
    self.show = function (frame, done) {
      if (waiting) {
        self.skipped++;
        if (waiting.done) waiting.done(false);
      }
      waiting = { frame: frame, done: done };
      next();
    };

    function next() {
      if (busy || !waiting || document.hidden) return; // nobody looks: the newest waits until somebody does
      var job = waiting;
      waiting = null;
      busy = true;
      try {
        (root.createImageBitmap && !job.frame.src ? decodeAside : decodeByElement)(job.frame, finished);
      } catch (error) { // base64 that is none
        finished(null);
      }
      function finished(drawable) {
        busy = false;
        if (drawable) draw(drawable, job.frame); else self.damaged++;
        if (job.done) job.done(!!drawable);
        next();
      }
    }
    document.addEventListener('visibilitychange', next);

    function draw(drawable, frame) {
      var width = drawable.naturalWidth || drawable.width, height = drawable.naturalHeight || drawable.height;
      if (canvas.width !== width || canvas.height !== height || !self.shown) {
        canvas.width = width;
        canvas.height = height;
        self.fit();
      }
      context.drawImage(drawable, 0, 0);
      if (drawable.close) drawable.close(); // gives the pixels back now rather than at the next garbage collection
      self.shown++;
      times.push(Date.now());
      onDrawn(frame);
    }

    // As large as the stage allows, times the zoom, aspect kept, in the middle unless it was moved; on whole pixels of the screen, or all
    // of it would be blurred.
    var zoom = 1, moved = { left: 0, top: 0 };
    function shownScale() { return Math.min(stage.clientWidth / canvas.width, stage.clientHeight / canvas.height) * zoom; }
    self.fit = function () {
      var scale = shownScale(), dense = root.devicePixelRatio || 1;
      function place(offset, size, room, pixels) {
        var whole = Math.max(1, Math.floor(pixels * scale * dense)), spare = room * dense - whole;
        // What is larger than the stage covers it whole.
        moved[offset] = spare < 0 ? Math.max(spare / 2, Math.min(-spare / 2, moved[offset] * dense)) / dense : 0;
        canvas.style[size] = whole / dense + 'px';
        canvas.style[offset] = Math.floor(spare / 2 + moved[offset] * dense) / dense + 'px';
      }
      place('left', 'width', stage.clientWidth, canvas.width);
      place('top', 'height', stage.clientHeight, canvas.height);
    };
    // ---- zoom, on this device alone: the point of the window under (clientX, clientY) stays where it is
    self.zoomBy = function (factor, clientX, clientY) {
      var rect = canvas.getBoundingClientRect(), area = stage.getBoundingClientRect(), before = zoom;
      zoom = Math.max(1, Math.min(MAX_ZOOM, zoom * factor));
      factor = zoom / before;
      moved.left = clientX + (rect.left + rect.width / 2 - clientX) * factor - (area.left + stage.clientWidth / 2);
      moved.top = clientY + (rect.top + rect.height / 2 - clientY) * factor - (area.top + stage.clientHeight / 2);
      self.fit();
      self.onZoom(zoom);
    };
    self.move = function (x, y) {
      moved.left += x;
      moved.top += y;
      self.fit();
    };
    self.wholeAgain = function () { self.zoomBy(1 / zoom, 0, 0); };
    self.onZoom = function () {};
    root.addEventListener('resize', self.fit);

    // The frame's pixel under a point of the window; null outside the picture, unless the nearest one will do.
    self.pixelAt = function (clientX, clientY, nearest) {
      var rect = canvas.getBoundingClientRect();
      var x = Math.floor((clientX - rect.left) * canvas.width / rect.width);
      var y = Math.floor((clientY - rect.top) * canvas.height / rect.height);
      if (!self.shown) return null;
      if (nearest) return { x: Math.max(0, Math.min(canvas.width - 1, x)), y: Math.max(0, Math.min(canvas.height - 1, y)) };
      return x >= 0 && y >= 0 && x < canvas.width && y < canvas.height ? { x: x, y: y } : null;
    };
    self.width = function () { return canvas.width; };
    self.height = function () { return canvas.height; };
    // Where a rectangle of the frame is within the stage.
    self.onStage = function (rect) {
      var scale = canvas.clientWidth / canvas.width;
      return { left: canvas.offsetLeft + rect.x * scale, top: canvas.offsetTop + rect.y * scale, height: rect.height * scale };
    };
    // The frame's pixels in one pixel of the window: what a finger's way is multiplied with.
    self.ratio = function () { return canvas.width / (canvas.clientWidth || canvas.width); };

    self.framesPerSecond = function () {
      var since = Date.now() - SECOND;
      while (times.length && times[0] <= since) times.shift();
      return times.length;
    };
  };
})(window);
