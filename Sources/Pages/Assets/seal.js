// Seals and opens envelopes, packs payloads, splits and joins. All that is malformed is a RangeError. README.md ("Sealed end to end")
// has the formats, Tests/Vectors what a second implementation makes of them.
const CHUNK = 65536, SEALED = CHUNK + 16, HEADER = 21, REST = 0xffffffffffffffffn;
const KINDS = ['text', 'file', 'part'];
const none = new Uint8Array(0);
const utf8 = text => new TextEncoder().encode(text);
const random = bytes => crypto.getRandomValues(bytes);
const check = (isRight, what) => { if (!isRight) throw new RangeError(what); };

export const canSeal = !!globalThis.crypto?.subtle;

export function base64url(bytes) {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export function fromBase64url(text) {
  check(/^[\w-]*$/.test(text) && text.length % 4 !== 1, 'base64url');
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0));
  // Spare bits are zero, so that a value has one spelling.
  check(base64url(bytes) === text, 'base64url');
  return bytes;
}

export function payload(items) {
  check(items.length > 0 && items.length <= 1000, 'count');
  const heads = [Uint8Array.of(items.length >> 8, items.length)];
  const contents = items.map(({text, file, name, part}) => {
    const content = file ?? part ?? utf8(text);
    const room = new Uint8Array(1024);
    // encodeInto writes whole characters only.
    const nameSize = file ? new TextEncoder().encodeInto(name, room).written : 0;
    const type = utf8(file && /^[ -~]{0,255}$/.test(file.type) ? file.type : '');
    const head = new Uint8Array(13 + nameSize + type.length), view = new DataView(head.buffer);
    head[0] = file ? 1 : part ? 2 : 0;
    view.setUint16(1, nameSize);
    head.set(room.subarray(0, nameSize), 3);
    view.setUint16(3 + nameSize, type.length);
    head.set(type, 5 + nameSize);
    view.setBigUint64(5 + nameSize + type.length, BigInt(content.size ?? content.length));
    heads.push(head);
    return content;
  });
  return new Blob([...heads, ...contents]);
}

// The contents are views of the bytes that came in.
export function items(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const take = size => {
    check(size <= bytes.length - at, 'cut');
    return bytes.subarray(at, at += size);
  };
  const number = (size, read) => (take(size), view['get' + read](at - size));
  const field = () => take(number(2, 'Uint16'));
  const count = number(2, 'Uint16');
  check(count > 0 && count <= 1000, 'count');
  const found = Array.from({length: count}, (_, index) => {
    const kind = KINDS[number(1, 'Uint8')], rawName = field(), type = String.fromCharCode(...field());
    const size = number(8, 'BigUint64');
    check(kind && (kind === 'file' || !rawName.length && !type) && /^[ -~]*$/.test(type), 'item');
    check(size !== REST || index === count - 1, 'size');
    try {
      return {kind, name: new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(rawName), type, size};
    } catch {
      throw new RangeError('name');
    }
  });
  const opened = found.map(({kind, name, type, size}) =>
    ({kind, name, type, bytes: take(size === REST ? bytes.length - at : Number(size))}));
  check(at === bytes.length, 'too long');
  return opened;
}

// A text and files as the server put them together: in blocks, for it did not know how long they would be.
export function files(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), end = bytes.indexOf(255), decoder = new TextDecoder('utf-8', {ignoreBOM: true});
  let at = end + 1;
  const take = size => {
    check(size <= bytes.length - at, 'cut');
    return bytes.subarray(at, at += size);
  };
  const number = size => (take(size), size === 1 ? view.getUint8(at - 1) : size === 2 ? view.getUint16(at - 2) : view.getUint32(at - 4));
  check(end >= 0, 'cut');
  const found = end ? [{kind: 'text', name: '', type: '', bytes: bytes.subarray(0, end)}] : [];
  while (at < bytes.length) {
    const kind = KINDS[number(1)], name = decoder.decode(take(number(2))), type = decoder.decode(take(number(2)));
    check(kind === 'text' || kind === 'file', 'item');
    const start = at, blocks = [];
    for (let size = number(4); size; size = number(4)) blocks.push(take(size));
    const whole = new Uint8Array(at - start - 4 * blocks.length - 4);
    blocks.reduce((to, block) => (whole.set(block, to), to + block.length), 0);
    found.push({kind, name, type, bytes: whole});
  }
  return found;
}

async function derive(key, rule) {
  const base = await crypto.subtle.importKey('raw', key, rule.name, false, ['deriveBits']);
  return new Uint8Array(await crypto.subtle.deriveBits({hash: 'SHA-256', ...rule}, base, 256));
}

const hkdf = (key, salt, info) => derive(key, {name: 'HKDF', salt, info: utf8('onetime-lite ' + info)});

const linkCheck = async linkKey => base64url((await hkdf(linkKey, none, 'link check')).subarray(0, 2)).slice(0, 2);

// What stands behind the # of a link: the key, and two characters by which one that was cut or mistyped is told before it is used.
export const writeLinkKey = async linkKey => base64url(linkKey) + await linkCheck(linkKey);

export async function readLinkKey(text) {
  const key = fromBase64url(text.slice(0, 43));
  check(key.length === 32 && text.slice(43) === await linkCheck(key), 'key');
  return key;
}

// Keyboards differ in how they compose letters; NFC makes one spelling of them.
export async function stretch(linkKey, passphrase) {
  const salt = await hkdf(linkKey, none, 'passphrase salt');
  return derive(utf8(passphrase.normalize('NFC')), {name: 'PBKDF2', salt, iterations: 600000});
}

export const proof = async stretched => base64url(await hkdf(stretched, none, 'passphrase proof'));

// A function that seals or opens one chunk.
async function chunks(use, header, linkKey, stretched) {
  check(linkKey.length === 32, 'key');
  const both = new Uint8Array([...linkKey, ...stretched ?? none]);
  const bits = await hkdf(both, header.subarray(5), 'envelope key');
  const key = await crypto.subtle.importKey('raw', bits, 'AES-GCM', false, [use]);
  both.fill(0);
  bits.fill(0);
  return async (chunk, index, isLast) => {
    const iv = new Uint8Array(12);
    new DataView(iv.buffer).setUint32(7, index);
    iv[11] = isLast;
    // Lets the page draw and hear clicks.
    if (index % 16 === 15) await new Promise(resolve => setTimeout(resolve));
    return new Uint8Array(await crypto.subtle[use]({name: 'AES-GCM', iv, additionalData: header}, key, chunk));
  };
}

// Rejects with signal.reason when aborted. `salt` is for tests only.
export async function sealEnvelope(blob, linkKey, stretched, {onProgress, signal, salt} = {}) {
  const total = blob.size;
  check(total > 0, 'empty');
  const header = new Uint8Array([...utf8('OTL\x01'), stretched ? 1 : 0, ...salt ?? random(new Uint8Array(16))]);
  const seal = await chunks('encrypt', header, linkKey, stretched);
  const parts = [header];
  for (let at = 0, end; at < total; at = end) {
    end = Math.min(at + CHUNK, total);
    parts.push(await seal(await blob.slice(at, end).arrayBuffer(), at / CHUNK, end === total));
    if (signal?.aborted) throw signal.reason;
    onProgress?.(end, total);
  }
  return new Blob(parts);
}

export function needsPassphrase(bytes) {
  const [o, t, l, version, flags] = bytes;
  check(bytes.length >= HEADER && o === 79 && t === 84 && l === 76 && version === 1 && flags < 2, 'header');
  return flags === 1;
}

export async function openEnvelope(bytes, linkKey, stretched, {onProgress} = {}) {
  check(needsPassphrase(bytes) === !!stretched, 'passphrase');
  const body = bytes.subarray(HEADER), count = Math.ceil(body.length / SEALED), total = body.length - count * 16;
  check(total > (count - 1) * CHUNK && count > 0, 'cut');
  const open = await chunks('decrypt', bytes.subarray(0, HEADER), linkKey, stretched);
  const opened = new Uint8Array(total);
  for (let index = 0; index < count; index++) {
    const chunk = body.subarray(index * SEALED, (index + 1) * SEALED);
    opened.set(await open(chunk, index, index === count - 1), index * CHUNK);
    onProgress?.(Math.min((index + 1) * CHUNK, total), total);
  }
  return opened;
}

// Lets the page draw and hear clicks every now and then, tells it how far things are, and rejects with signal.reason when aborted.
function pace(total, {onProgress, signal}) {
  let last = performance.now();
  return async done => {
    if (signal?.aborted) throw signal.reason;
    onProgress?.(done, total);
    if (performance.now() - last < 40) return;
    await new Promise(resolve => setTimeout(resolve));
    last = performance.now();
  };
}

// target ^= source * factor in GF(2^8), four bytes at a time. Factors are public; bytes steer neither branch nor table.
function addTimes(target, source, factor) {
  for (let index = 0; index < target.length; index++) {
    let word = source[index], sum = target[index];
    for (let rest = factor; ; rest >>= 1) {
      if (rest & 1) sum ^= word;
      if (rest < 2) break;
      word = (word & 0x7f7f7f7f) << 1 ^ Math.imul(word >>> 7 & 0x01010101, 0x1b);
    }
    target[index] = sum;
  }
}

function times(a, b) {
  // Words as everywhere: what comes in several types is compiled for none.
  const product = new Int32Array(1);
  addTimes(product, Int32Array.of(a), b);
  return product[0];
}

const bytesOf = words => new Uint8Array(words.buffer);

// Progress counts the bytes of all parts. For tests only: `set`, and `coefficients` (of degree 1 for all bytes, then of degree 2 ...).
export async function split(bytes, k, n, {coefficients, set = random(new Uint8Array(16)), onProgress, signal} = {}) {
  const size = bytes.length;
  check(k >= 2 && k <= n && n <= 255 && size > 0, 'split');
  const piece = () => new Int32Array(Math.ceil(Math.min(CHUNK, size) / 4));
  const rows = Array.from({length: k}, piece), go = pace(n * size, {onProgress, signal});
  const parts = Array.from({length: n}, (_, index) => {
    const part = new Uint8Array(19 + size);
    part.set([...set, k, n, index + 1]);
    return part;
  });
  let sum = piece(), next = piece();
  for (let at = 0, end; at < size; at = end) {
    end = Math.min(at + CHUNK, size);
    rows.forEach((row, degree) => {
      const from = (degree - 1) * size;
      if (degree && !coefficients) random(row);
      else bytesOf(row).set(degree ? coefficients.subarray(from + at, from + end) : bytes.subarray(at, end));
    });
    for (const [index, part] of parts.entries()) {
      // Horner's scheme, from the highest degree down: x is small, and so is the work of each product.
      sum.set(rows[k - 1]);
      for (let degree = k - 2; degree >= 0; degree--) {
        next.set(rows[degree]);
        addTimes(next, sum, index + 1);
        [sum, next] = [next, sum];
      }
      part.set(bytesOf(sum).subarray(0, end - at), 19 + at);
      await go(n * at + (index + 1) * (end - at));
    }
  }
  return parts;
}

export function partInfo(part) {
  const [k, n, x] = part.subarray(16);
  check(part.length > 19 && k >= 2 && k <= n && x >= 1 && x <= n, 'part');
  return {set: Array.from(part.subarray(0, 16), byte => byte.toString(16).padStart(2, '0')).join(''), k, n, x};
}

// The first k of the parts are joined; more of them may come, but none of another secret.
export async function joinParts(parts, {onProgress, signal} = {}) {
  check(parts.length, 'parts');
  const infos = parts.map(partInfo), [{set, k, n}] = infos, {length} = parts[0];
  check(infos.every((one, i) => one.set === set && one.k === k && one.n === n && parts[i].length === length), 'set');
  check(parts.length >= k && new Set(infos.map(one => one.x)).size === parts.length, 'few');
  const xs = infos.slice(0, k).map(one => one.x);
  // Lagrange at 0: the product of all other, divided by that of all other - x; a to the 254 is 1 / a.
  const factors = xs.map(x => {
    const others = xs.filter(other => other !== x), below = others.reduce((product, other) => times(product, other ^ x), 1);
    let factor = others.reduce((product, other) => times(product, other), 1), power = below;
    // 254 = 2 + 4 + ... + 128
    for (let step = 0; step < 7; step++) factor = times(factor, power = times(power, power));
    return factor;
  });
  const joined = new Uint8Array(length - 19), go = pace(joined.length, {onProgress, signal});
  const size = Math.min(CHUNK / 4, Math.ceil(joined.length / 4)), words = new Int32Array(size), sum = new Int32Array(size);
  for (let at = 0, end; at < joined.length; at = end) {
    end = Math.min(at + CHUNK, joined.length);
    sum.fill(0);
    factors.forEach((factor, index) => {
      bytesOf(words).set(parts[index].subarray(19 + at, 19 + end));
      addTimes(sum, words, factor);
    });
    joined.set(bytesOf(sum).subarray(0, end - at), at);
    await go(end);
  }
  return joined;
}
