// A link as a QR code (ISO/IEC 18004): bytes at error correction level M, versions 1 to 15, drawn as an SVG of our own. The server
// has one too, but may not see the key that the link ends in.

// For each version: error correction bytes in a block, and how many blocks there are; codewords in all.
const correction = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24];
const blockCounts = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10];
const totals = [26, 44, 70, 100, 134, 172, 196, 242, 292, 346, 404, 466, 532, 581, 655];

const exponents = new Uint8Array(512);
const logarithms = new Uint8Array(256);
for (let power = 0, value = 1; power < 255; power++) {
  exponents[power] = exponents[power + 255] = value;
  logarithms[value] = power;
  value = (value << 1) ^ (value & 128 ? 0x11d : 0);
}
const times = (a, b) => (a && b ? exponents[logarithms[a] + logarithms[b]] : 0);

/** The remainder that Reed and Solomon append to data. */
function remainder(data, count) {
  let generator = [1];
  for (let root = 0; root < count; root++) {
    const next = [...generator, 0];
    generator.forEach((factor, index) => { next[index + 1] ^= times(factor, exponents[root]); });
    generator = next;
  }
  const rest = [...data, ...Array(count).fill(0)];
  for (let index = 0; index < data.length; index++) {
    const factor = rest[index];
    generator.forEach((byte, offset) => { rest[index + offset] ^= times(byte, factor); });
  }
  return rest.slice(data.length);
}

/** All codewords of a text, data and correction, in the order in which they are drawn. */
function codewords(bytes, version) {
  const blocks = blockCounts[version - 1];
  const extra = correction[version - 1];
  const room = totals[version - 1] - blocks * extra;
  const bits = [];
  const put = (value, count) => { for (let bit = count - 1; bit >= 0; bit--) bits.push((value >> bit) & 1); };
  put(4, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  bytes.forEach((byte) => put(byte, 8));
  put(0, Math.min(4, room * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  const data = [];
  for (let at = 0; at < bits.length; at += 8) data.push(parseInt(bits.slice(at, at + 8).join(''), 2));
  for (let pad = 0xec; data.length < room; pad ^= 0xfd) data.push(pad);
  const short = Math.floor(room / blocks);
  const longOnes = room % blocks;
  let at = 0;
  const parts = Array.from({ length: blocks }, (_, index) => {
    const size = short + (index >= blocks - longOnes ? 1 : 0);
    at += size;
    return data.slice(at - size, at);
  });
  const checks = parts.map((part) => remainder(part, extra));
  const woven = (rows, length) => Array.from({ length }, (_, column) => rows.map((row) => row[column])).flat()
    .filter((byte) => byte !== undefined);
  return [...woven(parts, short + 1), ...woven(checks, extra)];
}

const masks = [
  (x, y) => (x + y) % 2, (x, y) => y % 2, (x) => x % 3, (x, y) => (x + y) % 3,
  (x, y) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2, (x, y) => ((x * y) % 2) + ((x * y) % 3),
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2,
];

/** Bits with the remainder of a division behind them, as format and version are written. */
function guarded(value, bits, generator, length) {
  let rest = value << (length - bits);
  for (let bit = length - 1; bit >= length - bits; bit--) if (rest & (1 << bit)) rest ^= generator << (bit - (length - bits));
  return (value << (length - bits)) | rest;
}

/** The modules of a text's code, rows of booleans. */
export function modules(text) {
  const bytes = new TextEncoder().encode(text);
  const version = totals.findIndex((total, index) => {
    const room = total - blockCounts[index] * correction[index];
    return bytes.length <= room - (index < 9 ? 2 : 3);
  }) + 1;
  if (!version) throw new RangeError('too long for a QR code');
  const size = 17 + 4 * version;
  const fixed = Array.from({ length: size }, () => Array(size).fill(undefined));
  const set = (x, y, dark) => { if (x >= 0 && y >= 0 && x < size && y < size) fixed[y][x] = Boolean(dark); };

  for (const [left, top] of [[0, 0], [size - 7, 0], [0, size - 7]]) {
    for (let y = -1; y <= 7; y++) {
      for (let x = -1; x <= 7; x++) {
        const ring = Math.max(Math.abs(x - 3), Math.abs(y - 3));
        set(left + x, top + y, ring !== 2 && ring !== 4);
      }
    }
  }
  const count = version === 1 ? 0 : Math.floor(version / 7) + 2;
  const step = count && Math.ceil((size - 13) / (count * 2 - 2)) * 2;
  const centres = Array.from({ length: count }, (_, index) => (index ? size - 7 - (count - 1 - index) * step : 6));
  for (const cy of centres) {
    for (const cx of centres) {
      if (fixed[cy][cx] !== undefined) continue;
      for (let y = -2; y <= 2; y++) for (let x = -2; x <= 2; x++) set(cx + x, cy + y, Math.max(Math.abs(x), Math.abs(y)) !== 1);
    }
  }
  for (let index = 8; index < size - 8; index++) {
    fixed[6][index] ??= index % 2 === 0;
    fixed[index][6] ??= index % 2 === 0;
  }
  if (version >= 7) {
    const bits = guarded(version, 6, 0x1f25, 18);
    for (let bit = 0; bit < 18; bit++) {
      const [a, b] = [size - 11 + (bit % 3), Math.floor(bit / 3)];
      set(a, b, bits & (1 << bit));
      set(b, a, bits & (1 << bit));
    }
  }
  const writeFormat = (mask, put) => {
    const bits = guarded(mask, 5, 0x537, 15) ^ 0x5412;
    for (let bit = 0; bit < 15; bit++) {
      const dark = bits & (1 << bit);
      if (bit < 6) put(8, bit, dark);
      else if (bit < 8) put(8, bit + 1, dark);
      else put(bit === 8 ? 7 : 14 - bit, 8, dark);
      if (bit < 8) put(size - 1 - bit, 8, dark);
      else put(8, size - 15 + bit, dark);
    }
    put(8, size - 8, true);
  };
  writeFormat(0, set);

  const stream = codewords(bytes, version).flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1));
  const data = fixed.map((row) => row.slice());
  let next = 0;
  for (let right = size - 1, upwards = true; right > 0; right -= 2, upwards = !upwards) {
    if (right === 6) right = 5;
    for (let index = 0; index < size; index++) {
      const y = upwards ? size - 1 - index : index;
      for (const x of [right, right - 1]) if (fixed[y][x] === undefined) data[y][x] = Boolean(stream[next++]);
    }
  }

  let best;
  masks.forEach((mask, number) => {
    const rows = data.map((row, y) => row.map((dark, x) => (fixed[y][x] === undefined ? dark !== (mask(x, y) === 0) : dark)));
    writeFormat(number, (x, y, dark) => { rows[y][x] = Boolean(dark); });
    const penalty = judge(rows);
    if (!best || penalty < best.penalty) best = { rows, penalty };
  });
  return best.rows;
}

/** How hard a code is to read: runs, squares, what looks like a finder, and too much of one colour. */
function judge(rows) {
  const size = rows.length;
  let penalty = 0;
  let dark = 0;
  for (const lines of [rows, rows.map((_, x) => rows.map((row) => row[x]))]) {
    for (const line of lines) {
      const text = line.map(Number).join('');
      for (const [run] of text.matchAll(/0{5,}|1{5,}/g)) penalty += run.length - 2;
      for (const pattern of ['10111010000', '00001011101']) {
        for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1)) penalty += 40;
      }
    }
  }
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      dark += rows[y][x];
      if (x && y && rows[y][x] === rows[y][x - 1] && rows[y][x] === rows[y - 1][x] && rows[y][x] === rows[y - 1][x - 1]) penalty += 3;
    }
  }
  return penalty + 10 * Math.floor(Math.abs((dark / size / size) * 20 - 10));
}

/** The code of a text as a picture with a name. */
export function qrCode(text, label) {
  const rows = modules(text);
  const side = rows.length + 8;
  const made = (name, attributes) => {
    const node = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const path = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : ''))).join('');
  const picture = made('svg', { viewBox: `0 0 ${side} ${side}`, 'shape-rendering': 'crispEdges', role: 'img', 'aria-label': label });
  picture.append(made('rect', { width: side, height: side, fill: '#fff' }), made('path', { d: path, fill: '#000' }));
  return picture;
}
