// What a browser does to a secret before the server sees it: payloads of texts and files, envelopes that seal them, and parts of which
// several are needed. README.md ("Sealed end to end") describes the formats; Tests/Vectors has what a second implementation made.

const chunkSize = 65536;
const tagSize = 16;
const headerSize = 21;
const rounds = 600000;
const subtle = globalThis.crypto?.subtle;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Whether this page may seal: browsers let only those that came by HTTPS or from the loopback. */
export const canSeal = Boolean(subtle);

export function random(count) {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count; at += 65536) crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65536, count)));
  return bytes;
}

export function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

export function fromBase64url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new RangeError('not base64url');
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
  if (base64url(bytes) !== text) throw new RangeError('not base64url');
  return bytes;
}

function concatenated(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// Payloads

const kinds = ['text', 'file', 'part'];

/** The payload of items that are {text}, {file, name} or {part}. */
export function payload(items) {
  const heads = [];
  const contents = [];
  for (const item of items) {
    const kind = 'text' in item ? 0 : 'file' in item ? 1 : 2;
    const content = kind === 0 ? encoder.encode(item.text) : kind === 1 ? item.file : item.part;
    const name = kind === 1 ? shortened(item.name) : new Uint8Array();
    const type = kind === 1 && /^[\x21-\x7e ]{0,255}$/.test(item.file.type) ? encoder.encode(item.file.type) : new Uint8Array();
    const head = new Uint8Array(12 + name.length + type.length);
    const view = new DataView(head.buffer);
    head[0] = kind;
    view.setUint16(1, name.length);
    head.set(name, 3);
    head[3 + name.length] = type.length;
    head.set(type, 4 + name.length);
    view.setBigUint64(4 + name.length + type.length, BigInt(kind === 1 ? item.file.size : content.length));
    heads.push(head);
    contents.push(content);
  }
  return new Blob([Uint8Array.of(items.length >> 8, items.length & 255), ...heads, ...contents]);
}

/** A name in at most 1024 bytes, cut between two characters. */
function shortened(name) {
  const room = new Uint8Array(1024);
  return room.subarray(0, encoder.encodeInto(name, room).written);
}

/** The items of a payload, as {kind, name, type, bytes}. */
export function items(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = [];
  const count = view.getUint16(0);
  let at = 2;
  const take = (size) => {
    if (size > bytes.length - at) throw new RangeError('payload is cut off');
    at += size;
    return bytes.subarray(at - size, at);
  };
  for (let index = 0; index < count; index++) {
    const kind = kinds[take(1)[0]];
    if (!kind) throw new RangeError('unknown kind');
    take(2);
    const name = decoder.decode(take(view.getUint16(at - 2)));
    take(1);
    const type = decoder.decode(take(view.getUint8(at - 1)));
    take(8);
    found.push({ kind, name, type, size: view.getBigUint64(at - 8) });
  }
  if (count === 0 || count > 1000) throw new RangeError('number of items');
  found.forEach((item, index) => {
    const isOpen = item.size === 0xffffffffffffffffn && index === count - 1;
    item.bytes = take(isOpen ? bytes.length - at : Number(item.size));
    delete item.size;
  });
  if (at !== bytes.length) throw new RangeError('payload is too long');
  return found;
}

// Envelopes

async function derive(input, salt, info) {
  const key = await subtle.importKey('raw', input, 'HKDF', false, ['deriveBits']);
  const bits = await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info: encoder.encode(info) }, key, 256);
  return new Uint8Array(bits);
}

/** Stretches a passphrase; takes about a second on a telephone. */
export async function stretch(linkKey, passphrase) {
  const salt = await derive(linkKey, new Uint8Array(), 'onetime-lite passphrase salt');
  const key = await subtle.importKey('raw', encoder.encode(passphrase), 'PBKDF2', false, ['deriveBits']);
  return new Uint8Array(await subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds }, key, 256));
}

/** What shows the server that the passphrase is known, and tells it nothing about it. */
export async function proof(stretched) {
  return base64url(await derive(stretched, new Uint8Array(), 'onetime-lite passphrase proof'));
}

async function envelopeKey(linkKey, stretched, salt, use) {
  const input = stretched ? concatenated([linkKey, stretched]) : linkKey;
  const bytes = await derive(input, salt, 'onetime-lite envelope key');
  return subtle.importKey('raw', bytes, 'AES-GCM', false, [use]);
}

function chunkParameters(index, isLast, header) {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setUint32(7, index);
  iv[11] = isLast ? 1 : 0;
  return { name: 'AES-GCM', iv, additionalData: header, tagLength: 8 * tagSize };
}

/** Seals a blob under the link's key, and a stretched passphrase if there is one. Only tests give a salt. */
export async function sealEnvelope(blob, linkKey, stretched, { onProgress, signal, salt = random(16) } = {}) {
  const header = concatenated([Uint8Array.of(0x4f, 0x54, 0x4c, 1, stretched ? 1 : 0), salt]);
  const key = await envelopeKey(linkKey, stretched, salt, 'encrypt');
  const chunks = [header];
  const count = Math.ceil(blob.size / chunkSize);
  for (let index = 0; index < count; index++) {
    signal?.throwIfAborted();
    const plain = await blob.slice(index * chunkSize, (index + 1) * chunkSize).arrayBuffer();
    chunks.push(await subtle.encrypt(chunkParameters(index, index === count - 1, header), key, plain));
    onProgress?.(index + 1, count);
  }
  return new Blob(chunks);
}

/** Opens an envelope. Throws when any bit of it, the key or the passphrase is another. */
export async function openEnvelope(bytes, linkKey, stretched, { onProgress } = {}) {
  const header = bytes.slice(0, headerSize);
  const flags = stretched ? 1 : 0;
  if (header.length < headerSize || decoder.decode(header.subarray(0, 4)) !== 'OTL\x01' || header[4] !== flags) {
    throw new RangeError('not such an envelope');
  }
  const key = await envelopeKey(linkKey, stretched, header.slice(5), 'decrypt');
  const step = chunkSize + tagSize;
  const count = Math.max(1, Math.ceil((bytes.length - headerSize) / step));
  const opened = new Uint8Array(Math.max(0, bytes.length - headerSize - count * tagSize));
  for (let index = 0; index < count; index++) {
    const start = headerSize + index * step;
    const sealed = bytes.subarray(start, start + step);
    const plain = await subtle.decrypt(chunkParameters(index, index === count - 1, header), key, sealed);
    opened.set(new Uint8Array(plain), index * chunkSize);
    onProgress?.(index + 1, count);
  }
  return opened;
}

// Splitting: Shamir's scheme over GF(2^8) with the polynomial 0x11b, each byte by itself

const exponents = new Uint8Array(510);
const logarithms = new Uint8Array(256);
for (let power = 0, value = 1; power < 255; power++) {
  exponents[power] = exponents[power + 255] = value;
  logarithms[value] = power;
  value ^= (value << 1) ^ (value & 128 ? 0x11b : 0);
}
const times = (a, b) => (a && b ? exponents[logarithms[a] + logarithms[b]] : 0);
const over = (a, b) => (a ? exponents[logarithms[a] + 255 - logarithms[b]] : 0);

/** Adds so many times `from` to `into`. */
function addTimes(factor, from, into) {
  const table = Uint8Array.from({ length: 256 }, (_, byte) => times(factor, byte));
  for (let index = 0; index < into.length; index++) into[index] ^= table[from[index]];
}

/** Splits bytes into n parts, of which any k give them back. Only tests give coefficients and a set. */
export function split(bytes, k, n, { coefficients, set = random(16) } = {}) {
  const polynomial = coefficients ?? Array.from({ length: k - 1 }, () => random(bytes.length));
  return Array.from({ length: n }, (_, index) => {
    const x = index + 1;
    const values = bytes.slice();
    let power = x;
    for (const coefficient of polynomial) {
      addTimes(power, coefficient, values);
      power = times(power, x);
    }
    return concatenated([set, Uint8Array.of(k, n, x), values]);
  });
}

/** Which part of which secret it is. */
export function partInfo(part) {
  const [k, n, x] = part.subarray(16, 19);
  if (!(k >= 2 && k <= n && x >= 1 && x <= n)) throw new RangeError('not a part');
  return { set: base64url(part.subarray(0, 16)), k, n, x };
}

/** Joins exactly as many parts of one secret as it takes. */
export function joinParts(parts) {
  const infos = parts.map(partInfo);
  const [{ set, k, n }] = infos;
  const fits = infos.every((info, index) => info.set === set && info.k === k && info.n === n
    && parts[index].length === parts[0].length);
  if (!fits || parts.length !== k || new Set(infos.map((info) => info.x)).size !== k) throw new RangeError('parts do not fit');
  const joined = new Uint8Array(parts[0].length - 19);
  parts.forEach((part, index) => {
    const x = infos[index].x;
    // Lagrange's polynomial of this part at 0.
    const factor = infos.reduce((product, { x: other }) => (other === x ? product : times(product, over(other, other ^ x))), 1);
    addTimes(factor, part.subarray(19), joined);
  });
  return joined;
}
