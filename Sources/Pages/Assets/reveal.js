// The recipient's page: claims the secret for this tab, opens it here, and says when it has it, so that the server may destroy it.
import { alarm, announce, arrive, button, copy, element, find, isolated, keepLanguage, memory, percent, size, word } from './page.js';

const token = location.pathname.split('/').filter((part) => /^[0-9a-z]{31}$/.test(part))[0];
const claimKey = `claim ${token}`;
const form = find('#reveal');
/** What the server's owner says beside a secret. */
const afterReveal = find('#after-reveal');

if (form) prepare();
else if (token && memory.get(claimKey)) resume();

/** The page that was loaded anew after the server had given the secret to it, and before it was shown. */
function resume() {
  const again = element('form', { className: 'card', id: 'reveal' });
  if (memory.get(claimKey).isLocked) {
    const field = element('input', { id: 'passphrase', name: 'passphrase', type: 'text', dir: 'auto', required: true, autocomplete: 'off' });
    again.append(element('div', { className: 'field' }, element('label', { htmlFor: 'passphrase' }, word('passphrase')), field));
  }
  again.append(element('input', { type: 'hidden', name: 'form_token', value: memory.get(claimKey).formToken }),
    element('div', { className: 'actions' }, element('button', { className: 'primary' }, word('reveal'))));
  find('.lead').before(again);
  again.addEventListener('submit', (event) => {
    event.preventDefault();
    reveal(again);
  });
  if (!memory.get(claimKey).isLocked) reveal(again);
}

function prepare() {
  warnMaker();
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    reveal(form);
  });
}

/** Warns one who is about to use up the link that he made himself, in this tab or in another that is still open. */
function warnMaker() {
  const warn = () => {
    if (!find('#own')) form.before(element('p', { className: 'caution', id: 'own' }, word('own')));
  };
  const made = Object.keys(sessionStorage).some((key) => key.startsWith('link ') && memory.get(key).secret === token);
  if (made) return warn();
  if (!('BroadcastChannel' in globalThis)) return;
  const channel = new BroadcastChannel('onetime-lite');
  channel.addEventListener('message', ({ data }) => data.made === token && warn());
  channel.postMessage({ asks: token });
}

async function linkKey(seal, fragment = location.hash) {
  try {
    return await seal.readLinkKey(fragment.slice(1));
  } catch {
    return null;
  }
}

async function reveal(form) {
  const primary = find('.primary', form);
  if (primary.ariaDisabled) return;
  // Not disabled: that would take the focus away.
  primary.ariaDisabled = 'true';
  find('#problem')?.remove();
  try {
    const seal = await import('./seal.js');
    const isSealed = 'needsKey' in form.dataset || memory.get(claimKey)?.isSealed;
    const key = await linkKey(seal);
    // Before anything is asked of the server: what could not be opened must not be used up.
    if (isSealed && !seal.canSeal) return alarm(word('sealedByServer'), form);
    if (isSealed && !key) return alarm(word('incomplete'), form);
    const found = await claim(seal, token, key, form.passphrase?.value, form.form_token.value);
    await show(seal, found);
  } catch (error) {
    if (error.status === 404) {
      memory.forget(claimKey);
      location.replace(location.pathname + location.search);
      return;
    }
    alarm(error.told ?? word('offline'), form);
  } finally {
    primary.ariaDisabled = null;
  }
}

/** Claims a secret, opens it and commits; gives its items. */
async function claim(seal, token, key, passphrase, formToken) {
  const claimKey = `claim ${token}`;
  const claim = memory.get(claimKey)?.claim ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  memory.set(claimKey, { claim, formToken, isLocked: Boolean(passphrase), isSealed: Boolean(key) });
  const stretched = key && passphrase ? await seal.stretch(key, passphrase) : null;
  const fields = new URLSearchParams({ form_token: formToken, claim });
  if (passphrase) fields.append('passphrase', stretched ? await seal.proof(stretched) : passphrase);
  const answer = await fetch(`/secret/${token}/claim${location.search}`, { method: 'POST', body: fields });
  if (!answer.ok) throw Object.assign(new Error('refused'), { status: answer.status, told: (await answer.json()).error });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const kind = answer.headers.get('X-Onetime-Kind');
  let items;
  try {
    if (kind === 'text') items = [{ kind, name: '', type: '', bytes }];
    else if (kind === 'bundle') items = seal.items(bytes);
    else if (kind === 'files') items = seal.files(bytes);
    else {
      const onProgress = (done, total) => { find('#status').textContent = word('opening', percent(done, total)); };
      items = seal.items(await seal.openEnvelope(bytes, key, stretched, { onProgress }));
    }
  } catch {
    throw Object.assign(new Error('broken'), { told: word('broken') });
  }
  find('#status').textContent = '';
  // It is here and whole: the server may destroy it now.
  await fetch(`/secret/${token}/commit`, { method: 'POST', body: new URLSearchParams({ form_token: formToken, claim }) })
    .catch(() => {});
  memory.forget(claimKey);
  return { items, formToken, passphrase };
}

const addresses = [];
let clearing = 0;

async function show(seal, { items, formToken, passphrase }) {
  // The key has done its work; it need not stay in the history.
  history.replaceState(null, '', location.pathname + location.search);
  if (items.length === 1 && items[0].kind === 'part') return showPart(seal, items[0].bytes, formToken, passphrase);
  const texts = items.filter((item) => item.kind === 'text');
  const files = items.filter((item) => item.kind === 'file');
  const card = element('section', { className: 'card' });
  for (const [index, item] of texts.entries()) {
    const id = index ? `secret-${index}` : 'secret';
    const value = new TextDecoder().decode(item.bytes);
    const box = element('textarea', { id, className: 'mono revealed', readOnly: true, dir: 'auto', spellcheck: false, value });
    box.rows = Math.min(Math.max(Math.ceil(value.length / 40) + 1, 3), 20);
    const hide = button(word('hide'), () => {
      box.hidden = !box.hidden;
      hide.textContent = word(box.hidden ? 'show' : 'hide');
    });
    const name = texts.length > 1 ? `secret-${index + 1}.txt` : 'secret.txt';
    card.append(element('div', { className: 'field' }, element('label', { htmlFor: id }, word('label')), box),
      element('div', { className: 'actions' }, button(word('copy'), () => copy(box.value), 'primary'), hide,
        link(new Blob([item.bytes], { type: 'text/plain' }), name)));
  }
  if (files.length) card.append(element('h2', {}, word('files')), element('ul', { id: 'file-list' }, ...files.map(fileEntry)));
  card.append(clearer(), element('p', { className: 'hint' }, word('hint')));
  exchange(word('title'), word('lead'), ...(afterReveal ? [afterReveal.content.cloneNode(true)] : []), card);
  // Browsers keep pages as they are left, to be quick when one goes back.
  addEventListener('pagehide', clear);
}

/** A link that saves bytes under a name. */
function link(blob, name) {
  const href = URL.createObjectURL(blob);
  addresses.push(href);
  return element('a', { className: 'button', href, download: name }, word('download', isolated(name)));
}

function fileEntry({ name, type, bytes }) {
  // Its type is the sender's word; only pictures that cannot carry scripts are shown.
  const isPicture = /^image\/(png|jpeg|gif|webp|avif)$/.test(type);
  const blob = new Blob([bytes], { type: isPicture ? type : 'application/octet-stream' });
  const entry = element('li', {}, link(blob, name || 'file'), ` ${size(bytes.length)}`);
  if (isPicture) entry.append(element('img', { src: addresses.at(-1), alt: name, className: 'preview' }));
  return entry;
}

/** Takes the secret off the page after a while, or at once. */
function clearer() {
  const select = element('select', { id: 'clear' }, ...[['never', 0], ['minute', 60], ['minutes', 300]]
    .map(([name, seconds]) => element('option', { value: seconds }, word(name))));
  select.addEventListener('change', () => {
    clearTimeout(clearing);
    if (Number(select.value)) clearing = setTimeout(clear, Number(select.value) * 1000);
  });
  return element('div', { className: 'field clearing' }, element('label', { htmlFor: 'clear' }, word('clearAfter')), select,
    button(word('clear'), clear));
}

function clear() {
  clearTimeout(clearing);
  removeEventListener('pagehide', clear);
  addresses.splice(0).forEach((address) => URL.revokeObjectURL(address));
  for (const box of document.querySelectorAll('textarea')) box.value = '';
  exchange(word('cleared'), '', element('p', {}, element('a', { className: 'button', href: `/${location.search}` }, word('share'))));
}

function exchange(title, lead, ...content) {
  document.title = document.title.replace(find('h1').textContent, () => title);
  keepLanguage();
  find('main').replaceChildren(find('#words'), element('h1', {}, title),
    ...(lead ? [element('p', { className: 'lead' }, lead)] : []), ...content, find('#status'));
  arrive();
}

// Parts of a split secret: those of one tab come together. Fewer than are needed tell nothing, so they may wait in its memory.

async function showPart(seal, part, formToken, passphrase) {
  const info = seal.partInfo(part);
  const key = `parts ${info.set}`;
  const parts = (memory.get(key) ?? []).filter((text) => seal.partInfo(seal.fromBase64url(text)).x !== info.x);
  if (parts.length + 1 >= info.k) {
    memory.forget(key);
    const whole = await seal.joinParts([...parts.map(seal.fromBase64url), part].slice(0, info.k));
    return show(seal, { items: seal.items(whole), formToken, passphrase });
  }
  parts.push(seal.base64url(part));
  memory.set(key, parts);
  const field = element('input', { id: 'part', className: 'mono', type: 'url', dir: 'ltr', required: true, autocomplete: 'off' });
  const phrase = element('input', { id: 'passphrase', className: 'mono', type: 'text', dir: 'auto', autocomplete: 'off', value: passphrase ?? '' });
  const adder = element('form', { className: 'card' },
    element('div', { className: 'field' }, element('label', { htmlFor: 'part' }, word('partField')), field),
    element('div', { className: 'field' }, element('label', { htmlFor: 'passphrase' }, word('passphrase')), phrase),
    element('div', { className: 'actions' }, element('button', { className: 'primary' }, word('partAdd'))));
  adder.addEventListener('submit', async (event) => {
    event.preventDefault();
    find('#problem')?.remove();
    try {
      const address = new URL(field.value.trim());
      const other = address.pathname.split('/').filter((segment) => /^[0-9a-z]{31}$/.test(segment))[0];
      const otherKey = await linkKey(seal, address.hash);
      if (!other || !otherKey) return alarm(word('incomplete'), adder);
      await show(seal, await claim(seal, other, otherKey, phrase.value, formToken));
    } catch (error) {
      alarm(error.told ?? word('partMismatch'), adder);
    }
  });
  exchange(word('partTitle', info.x, info.n), word('partLead', info.k - parts.length), adder);
  announce(word('partLead', info.k - parts.length));
}
