// The recipient's page: claims the secret for this tab, opens it here and shows it, and only then says that it is here, so that the
// server may destroy it. Holds the parts of a split secret until enough of them have come together.
import {
  alarm, announce, arrive, button, copy, element, find, isolated, keepLanguage, memory, progress, query, size, word,
} from './page.js';

/** For how long the server repeats what it gave for a claim, in milliseconds. */
const CLAIM_LIVES = 60000;
const tokenIn = (path) => path.split('/').find((segment) => /^[0-9a-z]{31}$/.test(segment));
const pageToken = tokenIn(location.pathname);
const form = find('#reveal');
/** What the server's owner says beside a secret. */
const afterReveal = find('#after-reveal');

/** Does what may be forbidden here, as storage may be: none of that may keep a secret from being shown. */
function attempt(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}

// What this tab remembers, or at least this page.
const held = new Map();
const recall = (key) => held.get(key) ?? attempt(() => memory.get(key)) ?? null;
const keep = (key, value) => {
  held.set(key, value);
  attempt(() => memory.set(key, value));
};
const forget = (key) => {
  held.delete(key);
  attempt(() => memory.forget(key));
};

const channel = attempt(() => new BroadcastChannel('onetime-lite'));
const tellTabs = (message) => attempt(() => channel?.postMessage(message));
channel?.addEventListener('message', ({ data }) => hear(data).catch(() => {}));

/** The page that was loaded anew after the server had given the secret to it, and before the server was told that it is here. */
function resume({ isLocked, formToken }) {
  const again = element('form', { className: 'card', id: 'reveal' });
  if (isLocked) {
    const field = element('input', { id: 'passphrase', name: 'passphrase', type: 'text', dir: 'auto', required: true, autocomplete: 'off' });
    again.append(element('div', { className: 'field' }, element('label', { htmlFor: 'passphrase' }, word('passphrase')), field));
  }
  again.append(element('input', { type: 'hidden', name: 'form_token', value: formToken }),
    element('div', { className: 'actions' }, element('button', { className: 'primary' }, word('reveal'))));
  find('.lead').before(again);
  again.addEventListener('submit', (event) => {
    event.preventDefault();
    reveal(again);
  });
  if (!isLocked) reveal(again);
}

function warnOwn() {
  if (find('#reveal') && !find('#own')) find('#reveal').before(element('p', { className: 'caution', id: 'own' }, word('own')));
}

/** Warns one who is about to use up the link that he made himself, in this tab or in another that is still open. */
function warnMaker() {
  tellTabs({ asks: pageToken });
  if (Object.keys(sessionStorage).some((key) => key.startsWith('link ') && memory.get(key).secret === pageToken)) warnOwn();
}

/** What other tabs of this browser tell. */
async function hear(data) {
  if (data.made === pageToken && form?.isConnected) warnOwn();
  if (data.cleared && data.cleared === shownSet) clear();
  const set = data.needs ?? data.has;
  if (!set || set !== waitingSet) return;
  const seal = await import('./seal.js');
  if (data.needs) tellTabs({ has: set, parts: [...partsOf(seal, set).parts.values()] });
  await absorb(seal, set, data.parts, true);
}

async function linkKey(seal, fragment) {
  try {
    return await seal.readLinkKey(fragment.slice(1));
  } catch {
    return null;
  }
}

const refusal = (told, status) => Object.assign(new Error('refused'), { told, status });

/** Says what was wrong, as the server does where there is no script. */
function complain(error, form) {
  const text = error.told ?? word('offline');
  alarm(text, form);
  document.title = `${word('problem')}: ${document.title}`;
  const field = find('#passphrase', form);
  if (!field || !text.startsWith(word('wrong'))) return;
  field.setAttribute('aria-invalid', 'true');
  field.setAttribute('aria-describedby', find('#passphrase-hint') ? 'problem passphrase-hint' : 'problem');
}

function stopComplaining(form) {
  find('#problem')?.remove();
  const prefix = `${word('problem')}: `;
  if (document.title.startsWith(prefix)) document.title = document.title.slice(prefix.length);
  const field = find('#passphrase', form);
  field?.removeAttribute('aria-invalid');
  if (find('#passphrase-hint')) field?.setAttribute('aria-describedby', 'passphrase-hint');
  else field?.removeAttribute('aria-describedby');
}

/** Runs what a form is for, once at a time. */
async function run(form, action) {
  const primary = find('.primary', form);
  if (primary.ariaDisabled) return;
  // Not disabled: that would take the focus away.
  primary.ariaDisabled = 'true';
  stopComplaining(form);
  let bar = null;
  const onProgress = (done, total) => {
    if (!bar && done < total) bar = progress('opening', find('.actions', form));
    bar?.show('opening', done, total);
  };
  try {
    await action(await import('./seal.js'), onProgress);
  } catch (error) {
    if (error.status !== 404 || form.id !== 'reveal') return complain(error, form);
    forget(`claim ${pageToken}`);
    location.replace(location.pathname + location.search);
  } finally {
    primary.ariaDisabled = null;
    bar?.remove();
  }
}

const reveal = (form) => run(form, async (seal, onProgress) => {
  const isSealed = 'needsKey' in form.dataset || Boolean(recall(`claim ${pageToken}`)?.isSealed);
  const passphrase = form.passphrase?.value;
  const found = await claim(seal, pageToken, { isSealed, fragment: location.hash, passphrase, formToken: form.form_token.value, onProgress });
  if (found.items) show(found.items, found.set);
  else showParts(seal, found.set, passphrase);
  commit(found);
});

/** Claims a secret and opens it: gives its items, or if it is a part and others are missing, only the set of its parts. */
async function claim(seal, token, { isSealed, fragment, passphrase, formToken, onProgress }) {
  // Before anything is asked of the server: what could not be opened must not be used up.
  if (isSealed && !seal.canSeal) throw refusal(word('sealedByServer'));
  const key = isSealed ? await linkKey(seal, fragment) : null;
  if (isSealed && !key) throw refusal(word('incomplete'));
  const claim = recall(`claim ${token}`)?.claim
    ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  keep(`claim ${token}`, { claim, formToken, isLocked: Boolean(passphrase), isSealed });
  const stretched = key && passphrase ? await seal.stretch(key, passphrase) : null;
  const fields = new URLSearchParams({ form_token: formToken, claim });
  if (passphrase) fields.append('passphrase', stretched ? await seal.proof(stretched) : passphrase);
  const answer = await fetch(`/secret/${token}/claim${query}`, { method: 'POST', body: fields });
  if (!answer.ok) throw refusal((await answer.json()).error, answer.status);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  try {
    const items = await open(seal, answer.headers.get('X-Onetime-Kind'), bytes, key, stretched, onProgress);
    return { token, claim, formToken, ...await settle(seal, items, token) };
  } catch {
    // It is not committed: the claim ends by itself, and until then the same may be tried again.
    throw refusal(word('broken'));
  }
}

async function open(seal, kind, bytes, key, stretched, onProgress) {
  if (kind === 'text') return [{ kind, name: '', type: '', bytes }];
  if (kind === 'files') return seal.files(bytes);
  return seal.items(kind === 'bundle' ? bytes : await seal.openEnvelope(bytes, key, stretched, { onProgress }));
}

/** Says that a secret is here and whole, so that the server may destroy it. Nobody has to wait for that. */
async function commit({ token, claim, formToken }) {
  const end = Date.now() + CLAIM_LIVES;
  for (let pause = 1000; Date.now() < end; pause *= 2) {
    const answer = await fetch(`/secret/${token}/commit`, {
      method: 'POST', body: new URLSearchParams({ form_token: formToken, claim }), keepalive: true, signal: AbortSignal.timeout?.(10000),
    }).catch(() => null);
    if (answer?.status === 204 || answer?.status === 404) {
      forget(`claim ${token}`);
      break;
    }
    await new Promise((resolve) => { setTimeout(resolve, pause); });
  }
  // The key has done its work; it need not stay in the history. Until here, a page that is loaded anew would have needed it.
  if (token === pageToken) history.replaceState(null, '', location.pathname + location.search);
}

const addresses = [];
/** What would be lost with the page: shown, but neither copied nor saved. */
const unsaved = new Set();
let clearing = 0;
let boxes = 0;
let shownSet = null;

/** Shows the items in place of the page; `set` is the set of parts that they were joined of. */
function show(items, set, isElsewhereToo = false) {
  const card = contentCard(items);
  card.append(clearer(), element('p', { className: 'hint' }, word('hint')));
  // What another link gave before stays until the page is cleared.
  const others = document.querySelectorAll('main > .other');
  exchange(word('title'), word('lead'), ...(afterReveal ? [afterReveal.content.cloneNode(true)] : []), card, ...others);
  if (isElsewhereToo) items.forEach((item) => unsaved.delete(item));
  shownSet = set;
  waitingSet = null;
  if (set) forgetParts(set);
}

/** The items as people see them. From then on the page asks before it is left, and is cleared when it is. */
function contentCard(items) {
  const files = items.filter((item) => item.kind === 'file');
  const texts = items.filter((item) => item.kind === 'text');
  const card = element('section', { className: 'card' });
  for (const [index, item] of texts.entries()) {
    const id = boxes ? `secret-${boxes}` : 'secret';
    boxes += 1;
    // As it was, down to the byte order mark; the box would change its line ends.
    const value = new TextDecoder('utf-8', { ignoreBOM: true }).decode(item.bytes);
    const box = element('textarea', { id, className: 'mono revealed', readOnly: true, dir: 'auto', spellcheck: false, value });
    box.rows = Math.min(Math.max(Math.ceil(value.length / 40) + 1, 3), 20);
    box.addEventListener('copy', () => unsaved.delete(item));
    const hide = button(word('hide'), () => {
      box.hidden = !box.hidden;
      hide.textContent = word(box.hidden ? 'show' : 'hide');
    });
    const copier = button(word('copy'), async () => {
      await copy(value);
      // Where nothing can be copied, it is selected instead.
      if (document.activeElement !== box) unsaved.delete(item);
    }, 'primary');
    const name = texts.length > 1 ? `secret-${index + 1}.txt` : 'secret.txt';
    card.append(element('div', { className: 'field' }, element('label', { htmlFor: id }, word('label')), box),
      element('div', { className: 'actions' }, copier, hide, link(item, new Blob([item.bytes], { type: 'text/plain' }), name)));
  }
  if (files.length) card.append(element('h2', {}, word('files')), element('ul', { id: 'file-list' }, ...files.map(fileEntry)));
  items.forEach((item) => unsaved.add(item));
  addEventListener('beforeunload', ask);
  // Browsers keep pages as they are left, to be quick when one goes back.
  addEventListener('pagehide', clear);
  return card;
}

/** Asks once whether to leave what is not in safety yet. */
function ask(event) {
  if (!unsaved.size) return;
  event.preventDefault();
  removeEventListener('beforeunload', ask);
}

/** A link that saves an item's bytes under a name. */
function link(item, blob, name) {
  const href = URL.createObjectURL(blob);
  addresses.push(href);
  const made = element('a', { className: 'button', href, download: name }, word('download', isolated(name)));
  made.addEventListener('click', () => unsaved.delete(item));
  return made;
}

function fileEntry(item) {
  const { name, type, bytes } = item;
  // Its type is the sender's word; only pictures that cannot carry scripts are shown.
  const isPicture = /^image\/(png|jpeg|gif|webp|avif)$/.test(type);
  const blob = new Blob([bytes], { type: isPicture ? type : 'application/octet-stream' });
  const entry = element('li', {}, link(item, blob, name || 'file'), ` ${size(bytes.length)}`);
  if (isPicture) entry.append(element('img', { src: addresses.at(-1), alt: name, className: 'preview' }));
  return entry;
}

/** Takes the secret off the page after a while, or at once, and a joined one off the other tabs too. */
function clearer() {
  const clearAll = () => {
    if (shownSet) tellTabs({ cleared: shownSet });
    forget(`claim ${pageToken}`);
    clear();
  };
  const select = element('select', { id: 'clear' }, ...[['never', 0], ['minute', 60], ['minutes', 300]]
    .map(([name, seconds]) => element('option', { value: seconds }, word(name))));
  select.addEventListener('change', () => {
    clearTimeout(clearing);
    if (Number(select.value)) clearing = setTimeout(clearAll, Number(select.value) * 1000);
  });
  return element('div', { className: 'field clearing' }, element('label', { htmlFor: 'clear' }, word('clearAfter')), select,
    button(word('clear'), clearAll));
}

function clear() {
  clearTimeout(clearing);
  removeEventListener('pagehide', clear);
  removeEventListener('beforeunload', ask);
  unsaved.clear();
  shownSet = null;
  addresses.splice(0).forEach((address) => URL.revokeObjectURL(address));
  for (const box of document.querySelectorAll('textarea')) box.value = '';
  exchange(word('cleared'), '', element('p', {}, element('a', { className: 'button', href: `/${query}` }, word('share'))));
}

function exchange(title, lead, ...content) {
  // A form that is no longer shown may live on, its passphrase need not.
  for (const field of document.querySelectorAll('main form input')) field.value = '';
  document.title = document.title.replace(find('h1').textContent, () => title);
  keepLanguage();
  find('main').replaceChildren(find('#words'), element('h1', {}, title),
    ...(lead ? [element('p', { className: 'lead' }, lead)] : []), ...content, find('#status'));
  arrive();
}

// Parts of a split secret come together from the links that are opened in this tab or pasted, and from other tabs. Fewer than are
// needed tell nothing, so they may wait in the tab's memory; in the page's own they wait anyhow.

const sets = new Map();
let waitingSet = null;

/** The parts of a set that are here, by number, and the tokens that they had. */
function partsOf(seal, set) {
  if (!sets.has(set)) {
    const kept = attempt(() => memory.get(`parts ${set}`));
    const parts = attempt(() => kept.parts.map(seal.fromBase64url).map((part) => [seal.partInfo(part).x, part]));
    sets.set(set, { tokens: new Set(kept?.tokens), parts: new Map(parts) });
  }
  return sets.get(set);
}

/** What came is the secret itself, or a part: with enough of them that is the secret too. Changes nothing if it cannot be opened. */
async function settle(seal, items, token) {
  if (items.every((item) => item.kind !== 'part')) return { items };
  if (items.length > 1) throw new RangeError('item');
  const info = seal.partInfo(items[0].bytes);
  const here = partsOf(seal, info.set);
  const parts = new Map(here.parts).set(info.x, items[0].bytes);
  if (parts.size >= info.k) {
    const joined = seal.items(await seal.joinParts([...parts.values()]));
    if (joined.some((item) => item.kind === 'part')) throw new RangeError('item');
    return { set: info.set, items: joined };
  }
  here.parts = parts;
  here.tokens.add(token);
  return { set: info.set };
}

function saveParts(seal, set) {
  const { tokens, parts } = partsOf(seal, set);
  const value = { tokens: [...tokens], parts: Array.from(parts.values(), seal.base64url) };
  attempt(() => memory.set(`parts ${set}`, value));
  tokens.forEach((token) => keep(`part ${token}`, set));
  // There may be no room for it: then it is lost with the page.
  if (attempt(() => sessionStorage.getItem(`parts ${set}`) === JSON.stringify(value))) return;
  unsaved.add(set);
  addEventListener('beforeunload', ask);
}

function forgetParts(set) {
  unsaved.delete(set);
  sets.get(set)?.tokens.forEach((token) => forget(`part ${token}`));
  sets.delete(set);
  forget(`parts ${set}`);
}

/** The page of a part that was loaded anew. */
async function resumePart(set) {
  const seal = await import('./seal.js');
  if (partsOf(seal, set).parts.size) showParts(seal, set, '');
}

/** Adds parts that need no claim. */
async function absorb(seal, set, parts, isElsewhereToo = false) {
  if (set !== waitingSet) return;
  for (const bytes of parts) {
    const [token] = partsOf(seal, set).tokens;
    const { items } = await settle(seal, [{ kind: 'part', bytes }], token);
    // Meanwhile another part may have come that completed it.
    if (set !== waitingSet) return;
    if (items) return show(items, set, isElsewhereToo);
  }
  tellMissing(seal, set);
  saveParts(seal, set);
}

function tellMissing(seal, set) {
  const parts = [...partsOf(seal, set).parts.values()];
  const lead = word('partLead', seal.partInfo(parts[0]).k - parts.length);
  find('.lead').textContent = lead;
  announce(lead);
}

/** Copies what is here of a set, to be pasted where the rest is. */
const partCopier = (seal, set) => button(word('copy'), async () => {
  await copy(Array.from(partsOf(seal, set).parts.values(), seal.base64url).join(' '));
  unsaved.delete(set);
});

function showParts(seal, set, passphrase) {
  const parts = [...partsOf(seal, set).parts.values()];
  const info = seal.partInfo(parts.at(-1));
  const field = element('input', { id: 'part', className: 'mono', type: 'text', dir: 'ltr', required: true, autocomplete: 'off', spellcheck: false });
  const phrase = element('input', { id: 'passphrase', className: 'mono', type: 'text', dir: 'auto', autocomplete: 'off', value: passphrase ?? '' });
  const adder = element('form', { className: 'card', id: 'adder' },
    element('div', { className: 'field' }, element('label', { htmlFor: 'part' }, word('partField')), field),
    element('div', { className: 'field' }, element('label', { htmlFor: 'passphrase' }, word('passphrase')), phrase),
    element('div', { className: 'actions' }, element('button', { className: 'primary' }, word('partAdd')), partCopier(seal, set)));
  adder.addEventListener('submit', (event) => {
    event.preventDefault();
    run(adder, async (_, onProgress) => {
      for (const given of field.value.trim().split(/\s+/)) await add(seal, set, given, phrase, onProgress);
    });
  });
  const others = document.querySelectorAll('main > .other');
  exchange(word('partTitle', info.x, info.n), word('partLead', info.k - parts.length), adder, ...others);
  waitingSet = set;
  tellMissing(seal, set);
  saveParts(seal, set);
  tellTabs({ needs: set, parts });
}

/** Adds what was pasted: a part itself, or its link. */
async function add(seal, set, given, phrase, onProgress) {
  if (/^[\w-]+$/.test(given)) {
    const part = attempt(() => seal.fromBase64url(given));
    if (attempt(() => seal.partInfo(part).set) !== set) throw refusal(word('partMismatch'));
    return absorb(seal, set, [part]);
  }
  const address = attempt(() => new URL(given));
  const token = address?.origin === location.origin && tokenIn(address.pathname);
  if (!token) throw refusal(word('partMismatch'));
  // Its page tells what it needs, and uses nothing up.
  const { fetchPage } = await import('./receipt.js');
  const page = await fetchPage(`/secret/${token}${query}`).catch((error) => {
    if (error.status !== 404) throw error;
    return error.page;
  });
  const form = find('#reveal', page);
  const before = recall(`claim ${token}`);
  if (!form && !before) throw refusal(find('.lead', page)?.textContent);
  const isSealed = form ? 'needsKey' in form.dataset : before.isSealed;
  const isLocked = form ? Boolean(find('#passphrase', form)) : before.isLocked;
  phrase.required = isLocked;
  if (!phrase.reportValidity()) return;
  const found = await claim(seal, token, {
    isSealed, fragment: address.hash, passphrase: isLocked ? phrase.value : '',
    formToken: form ? form.form_token.value : before.formToken, onProgress,
  });
  const isWanted = found.set === set;
  if (isWanted && found.items) show(found.items, set);
  else if (isWanted && waitingSet === set) showParts(seal, set, phrase.value);
  else if (!isWanted) showBeside(seal, found);
  commit(found);
  if (!isWanted) throw refusal(word('partMismatch'));
}

/** Another secret than the one that waits for its parts: it is used up now, so it is shown or kept beside. */
function showBeside(seal, { items, set }) {
  const info = items ? null : seal.partInfo([...partsOf(seal, set).parts.values()].at(-1));
  const card = items ? contentCard(items)
    : element('section', { className: 'card' }, element('h2', {}, word('partTitle', info.x, info.n)), partCopier(seal, set));
  card.classList.add('other');
  find('#status').before(card);
  if (items && set) forgetParts(set);
  else if (set) saveParts(seal, set);
}

if (form) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    reveal(form);
  });
  attempt(warnMaker);
} else if (pageToken && !location.pathname.endsWith('/burn')) {
  if (recall(`claim ${pageToken}`)) resume(recall(`claim ${pageToken}`));
  else if (recall(`part ${pageToken}`)) resumePart(recall(`part ${pageToken}`));
}
// From the page that asks whether to destroy a secret one may come back, and needs the key then.
for (const way of document.querySelectorAll('main a[href^="/secret/"]')) way.hash = location.hash;
