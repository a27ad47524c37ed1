/* A landscape like a photograph (clouds, hills, grass, film grain), the same one each time: texture(width, height, seed) -> canvas. */
(function () {
  'use strict';

  function random(seed) { // mulberry32
    return function () {
      seed = (seed + 0x6D2B79F5) | 0;
      var t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  function noise(next) { // smooth value noise on a lattice of 64 x 64
    var lattice = new Float32Array(4096);
    for (var i = 0; i < 4096; i++) { lattice[i] = next(); }
    return function (x, y) {
      var xi = Math.floor(x), yi = Math.floor(y), fx = x - xi, fy = y - yi;
      fx *= fx * (3 - 2 * fx); fy *= fy * (3 - 2 * fy);
      var a = lattice[(yi & 63) * 64 + (xi & 63)], b = lattice[(yi & 63) * 64 + ((xi + 1) & 63)];
      var c = lattice[((yi + 1) & 63) * 64 + (xi & 63)], d = lattice[((yi + 1) & 63) * 64 + ((xi + 1) & 63)];
      return (a + (b - a) * fx) * (1 - fy) + (c + (d - c) * fx) * fy;
    };
  }

  window.texture = function (width, height, seed) {
    var next = random(seed), at = noise(next);
    function octaves(x, y, count) {
      var sum = 0, scale = 0.5;
      for (var i = 0; i < count; i++) { sum += scale * at(x, y); x *= 2.03; y *= 2.03; scale /= 2; }
      return sum;
    }
    var canvas = document.createElement('canvas');
    canvas.width = width; canvas.height = height;
    var context = canvas.getContext('2d', {alpha: false});
    var picture = context.createImageData(width, height), data = picture.data, k = 0;
    for (var y = 0; y < height; y++) {
      for (var x = 0; x < width; x++) {
        var u = x / 180, v = y / 180, grain = (next() - 0.5) * 8, r, g, b;
        var far = 0.42 + 0.22 * (octaves(u * 0.8, 7, 4) - 0.5), near = 0.66 + 0.25 * (octaves(u * 0.6, 31, 5) - 0.5);
        if (y / height < far) {
          var cloud = Math.max(0, octaves(u, v * 2, 5) - 0.45) * 3;
          r = 90 + 60 * v / 4 + 150 * cloud; g = 140 + 40 * v / 4 + 110 * cloud; b = 205 + 50 * cloud;
        } else if (y / height < near) {
          var rock = octaves(u * 4, v * 4, 4);
          r = 70 + 70 * rock; g = 85 + 60 * rock; b = 105 + 40 * rock;
        } else {
          var grass = octaves(u * 9, v * 18, 4);
          r = 40 + 110 * grass; g = 60 + 140 * grass; b = 25 + 50 * grass;
        }
        data[k++] = r + grain; data[k++] = g + grain; data[k++] = b + grain; data[k++] = 255;
      }
    }
    context.putImageData(picture, 0, 0);
    return canvas;
  };
})();
