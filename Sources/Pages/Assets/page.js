// What all scripts of the page share, and the form's own: seals what is put in before the server sees it. Everything that this
// script does not do, the page does without it.

/** A word that the server wrote into the page, with values in place of its marks. */
export function word(name, ...values) {
  const text = document.getElementById('words').content.querySelector(`[data-word="${name}"]`).textContent;
  return values.reduce((filled, value, index) => filled.replace(values.length > 1 ? `{${index + 1}}` : '{}', () => value), text);
}

/** An element with properties and children; texts stay texts. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export const find = (selector, within = document) => within.querySelector(selector);

let silence = 0;

/** Says something for a while, to those who see and to those who listen. */
export function announce(text) {
  const status = find('#status');
  status.textContent = '';
  // A reader speaks what changes, so the same words twice have to be a change.
  requestAnimationFrame(() => { status.textContent = text; });
  clearTimeout(silence);
  silence = setTimeout(() => { status.textContent = ''; }, 8000);
}

let speaking = 0;

/** Says what others see, once it has not changed for a while. */
export function say(text, rest = 100) {
  if (!find('#spoken')) {
    const spoken = element('p', { className: 'offscreen', id: 'spoken' });
    spoken.setAttribute('role', 'status');
    find('#status').after(spoken);
  }
  // Where the page is exchanged meanwhile, this is no longer to be said.
  const spoken = find('#spoken');
  clearTimeout(speaking);
  speaking = setTimeout(() => { spoken.textContent = text; }, rest);
}

/** Shows what was wrong where the server would, and goes there. */
export function alarm(text, before) {
  find('#problem')?.remove();
  const alert = element('div', { className: 'alert', id: 'problem', tabIndex: -1 }, element('strong', {}, word('problem')),
    element('p', {}, text));
  alert.setAttribute('role', 'alert');
  before.before(alert);
  alert.focus();
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without HTTPS there is no clipboard but the old way.
    const focused = document.activeElement;
    const box = element('textarea', { value: text, readOnly: true, className: 'offscreen' });
    document.body.append(box);
    box.select();
    const isCopied = document.execCommand('copy');
    box.remove();
    focused?.focus();
    // What is selected is at least quickly copied by hand.
    if (!isCopied) return [...document.querySelectorAll('[readonly]')].find((field) => field.value === text)?.select();
  }
  announce(word('copied'));
}

export function button(label, action, className = '') {
  const made = element('button', { type: 'button', className }, label);
  made.addEventListener('click', action);
  return made;
}

/** What the browser did not take, because it keeps nothing or has no room: it lasts as long as the page. */
const kept = new Map();

/** What this tab remembers until it is closed. Nothing in it opens a secret by itself but links, and those only of secrets that live. */
export const memory = {
  get(key) {
    try {
      return JSON.parse(kept.get(key) ?? sessionStorage.getItem(key) ?? 'null');
    } catch {
      return null;
    }
  },
  set(key, value) {
    const text = JSON.stringify(value);
    try {
      sessionStorage.setItem(key, text);
      kept.delete(key);
    } catch {
      kept.set(key, text);
    }
  },
  forget(key) {
    kept.delete(key);
    try {
      sessionStorage.removeItem(key);
    } catch {
      // Where nothing is kept, nothing is left.
    }
  },
};

/** What addresses end with: the language, if the address names one. Nothing else in it is the page's. */
const locale = new URLSearchParams(location.search).get('locale');
export const query = locale ? `?locale=${encodeURIComponent(locale)}` : '';

/** A file's size for people. */
export function size(bytes) {
  const units = ['byte', 'kilobyte', 'megabyte'];
  const step = bytes < 1000 ? 0 : bytes < 1e6 ? 1 : 2;
  const options = { style: 'unit', unit: units[step], unitDisplay: step ? 'short' : 'long', maximumFractionDigits: step };
  return new Intl.NumberFormat(document.documentElement.lang, options).format(bytes / 1000 ** step);
}

const percent = (done, total) =>
  new Intl.NumberFormat(document.documentElement.lang, { style: 'percent' }).format(total ? done / total : 1);

/** A name that others chose, for people: without what breaks lines, hides, or turns the direction of what follows. */
const legible = (name) => name.replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, '\ufffd');

/** The same amid a sentence, whose direction is its own (UAX #9, FSI and PDI). */
export const isolated = (name) => `\u2068${legible(name)}\u2069`;

/** A bar with its words, for what takes a while. */
export function progress(name, after) {
  const bar = element('progress', { max: 1, value: 0 });
  const label = element('label', { className: 'progress' }, element('span'), bar);
  after.after(label);
  const told = new Set();
  const show = (next, done, total) => {
    bar.value = total ? done / total : 0;
    label.firstChild.textContent = word(next, percent(done, total));
    // How far it is would be said all the time.
    if (!told.has(next)) say(label.firstChild.textContent);
    told.add(next);
  };
  show(name, 0, 1);
  return { show, remove: () => label.remove() };
}

// What is behind the # is no part of an address that the server writes, but has to stay.
find('#languages')?.addEventListener('click', ({ target }) => {
  if (target.href) target.hash = location.hash;
});

/** Another language would be another page; what is only here would be lost. */
export const keepLanguage = () => find('#languages')?.remove();

/** How long something that changes with each key rests before it is said, in milliseconds. */
const PAUSE = 1000;

/** As many as a payload holds (README.md, "Sealed end to end"). */
const MOST_ITEMS = 1000;

const form = find('#create');
// Nothing of it is needed for the page to be painted, so it waits for that; a page that nobody looks at yet is not painted at all.
if (form) {
  let isWaiting = true;
  const begin = () => {
    if (isWaiting) start();
    isWaiting = false;
  };
  new PerformanceObserver(begin).observe({ type: 'paint', buffered: true });
  setTimeout(begin, 500);
}

function start() {
  // What is folded away waited as text, as it is for those without scripts.
  for (const waiting of document.querySelectorAll('details > noscript')) {
    waiting.replaceWith(element('template', { innerHTML: waiting.textContent }).content);
  }
  const box = find('#secret');
  const list = find('#file-list');
  const input = find('#files');
  const passphrase = find('#passphrase');
  const limit = Number(form.dataset.limit);
  const files = [];
  /** Ends what the page listens to, once the form is gone. */
  const listening = new AbortController();
  const { signal: whileHere } = listening;
  let abort = null;

  find('#files-field').classList.add('scripted');
  find('#many').hidden = false;
  find(globalThis.crypto?.subtle ? '#sealed-here' : '#sealed-by-server').hidden = false;
  const room = element('p', { className: 'hint', id: 'room' });
  find('#secret-hint').after(room);
  box.setAttribute('aria-describedby', `${box.getAttribute('aria-describedby')} room`);

  // Files: chosen, dropped or pasted
  const used = () => new Blob([box.value]).size + files.reduce((sum, file) => sum + file.size, 0);
  function measure() {
    const left = limit - used();
    room.textContent = left < 0 ? word('tooLarge', size(limit)) : left < limit / 10 ? word('room', size(left)) : '';
    if (room.textContent) say(room.textContent, PAUSE);
    if (left < 0) box.setAttribute('aria-invalid', 'true');
    else box.removeAttribute('aria-invalid');
  }
  function show() {
    list.replaceChildren(...files.map((file, index) => element('li', {}, element('bdi', {}, legible(file.name)), ` ${size(file.size)} `,
      button(word('remove', isolated(file.name)), () => {
        files.splice(index, 1);
        show();
        input.focus();
      }))));
    measure();
  }
  function add(more) {
    files.push(...more);
    show();
    say(`${word('files')}: ${files.length}. ${room.textContent}`, PAUSE);
  }
  input.addEventListener('change', () => {
    add(input.files);
    input.value = '';
  });
  box.addEventListener('input', measure);
  addEventListener('paste', (event) => {
    if (event.clipboardData?.files.length) {
      event.preventDefault();
      add(event.clipboardData.files);
    }
  }, { signal: whileHere });
  addEventListener('dragover', (event) => {
    event.preventDefault();
    form.classList.add('dropping');
  }, { signal: whileHere });
  for (const end of ['dragleave', 'drop']) {
    addEventListener(end, () => form.classList.remove('dropping'), { signal: whileHere });
  }
  addEventListener('drop', (event) => {
    if (event.dataTransfer?.files.length) {
      event.preventDefault();
      add(event.dataTransfer.files);
    }
  }, { signal: whileHere });
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit(find('.primary', form));
  });

  // Passphrases: made up, and judged
  const strength = element('p', { className: 'hint', id: 'strength' });
  const maker = button(word('make'), async () => {
    const { offer } = await import('./make.js');
    make ??= offer(maker, (made) => {
      passphrase.value = made;
      judge();
    });
    make();
  });
  find('#passphrase-hint').after(strength, maker);
  /** Makes one up of what was chosen, once somebody asked for one. */
  let make = null;
  function judge() {
    const bits = Math.log2(classes(passphrase.value) || 1) * new Set(passphrase.value).size;
    const grade = ['weak', 'fair', 'good', 'best'][Math.min(3, Math.floor(bits / 25))];
    strength.textContent = passphrase.value ? word('strength', word(grade)) : '';
    say(strength.textContent, PAUSE);
    // What the server gets of it has always the same length, and the browser judges only what was typed.
    const isShort = passphrase.value && [...passphrase.value].length < passphrase.minLength;
    passphrase.setCustomValidity(isShort ? word('tooShort') : '');
  }
  passphrase.addEventListener('input', judge);

  // Several links: each with all of it, or with a part
  const { links, parts, needed } = form;
  let isNeededChosen = false;
  function settle() {
    const count = Number(parts.value);
    parts.disabled = Number(links.value) > 1;
    links.disabled = !parts.disabled && count > 1;
    needed.disabled = parts.disabled || count < 2;
    if (needed.disabled) return;
    needed.max = count;
    if (!isNeededChosen || Number(needed.value) > count) needed.value = count;
  }
  for (const field of [links, parts]) field.addEventListener('input', settle);
  needed.addEventListener('input', () => { isNeededChosen = needed.value !== ''; });
  settle();

  // Rules: what is typed as date and time is of this place, what is sent is a moment
  const notBefore = form.not_before;
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const example = find('#hours-hint bdi');
  find('#zone').textContent = timeZone;
  example.textContent = example.textContent.replace('Europe/Amsterdam', timeZone);
  if (notBefore.defaultValue && notBefore.value === notBefore.defaultValue) {
    const moment = new Date(`${notBefore.value}Z`);
    notBefore.value = new Date(moment - moment.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  }
  const beginning = () => notBefore.value && new Date(notBefore.value).toISOString();
  // Where the browser sends the form by itself
  form.addEventListener('formdata', ({ formData }) => formData.set('not_before', beginning()));

  // What is wrong must not be folded away.
  form.addEventListener('invalid', ({ target }) => target.closest('details')?.setAttribute('open', ''), true);

  // Sealing and sending
  form.addEventListener('submit', async (event) => {
    const isGenerated = event.submitter?.value === 'generate';
    const many = Math.max(Number(form.links.value), Number(form.parts.value));
    const canSeal = Boolean(globalThis.crypto?.subtle);
    if (!canSeal && isGenerated) {
      // It is not what is to be shared, so it stays here.
      box.disabled = true;
      setTimeout(() => { box.disabled = false; });
      return;
    }
    if (!canSeal && !files.length && many < 2) {
      if (!box.value) {
        event.preventDefault();
        alarm(word('empty'), form);
      }
      return;
    }
    event.preventDefault();
    if (abort) return;
    if (!form.reportValidity()) return;
    const items = files.length + Boolean(box.value);
    if (!isGenerated) {
      if (!items) return alarm(word('empty'), form);
      if (used() > limit) return alarm(word('tooLarge', size(limit)), form);
      if (items > MOST_ITEMS) return alarm(`${word('files')}: ${word('countOf', items, MOST_ITEMS)}`, form);
    }
    find('#problem')?.remove();
    abort = new AbortController();
    const primary = find('.primary', form);
    // Not disabled: that would take the focus away.
    primary.ariaDisabled = 'true';
    const bar = progress(canSeal ? 'sealing' : 'sending', find('.actions', form));
    const cancel = button(word('cancel'), () => abort.abort());
    find('.actions', form).append(cancel);
    try {
      await send(bar, canSeal, isGenerated);
    } catch (error) {
      if (abort.signal.aborted && !error.isOpen) announce(word('cancelled'));
      else alarm(error.told ?? error.message, form);
    } finally {
      abort = null;
      primary.ariaDisabled = null;
      if (document.activeElement === cancel) primary.focus();
      cancel.remove();
      bar.remove();
    }
  });

  // Only now: if something fails before, the form is not sent as if there were no scripts.
  find('#unscripted')?.remove();
  for (const waiting of form.querySelectorAll('button:disabled')) waiting.disabled = false;

  async function send(bar, canSeal, isGenerated) {
    const signal = abort.signal;
    // All that is needed to show the links is here before there are any.
    const [seal, receipts, { password }] = await Promise.all([import('./seal.js'), import('./receipt.js'), import('./make.js')])
      .catch(() => { throw failure(word('offline')); });
    const parts = Number(form.parts.value);
    const needed = Math.min(Math.max(2, Number(form.needed.value) || parts), parts);
    const generated = isGenerated ? password(Number(form.dataset.passwordLength)) : '';
    // What the browser can't seal, the server puts together; but parts are made here.
    const isPlain = !canSeal && parts < 2;
    // A browser that fails to read a file while it sends blames the connection.
    if (isPlain) for (const file of files) await file.slice(0, 1).arrayBuffer();
    const whole = isPlain ? new Blob([box.value])
      : seal.payload(isGenerated ? [{ text: generated }]
        : [...(box.value ? [{ text: box.value }] : []), ...files.map((file) => ({ file, name: file.name }))]);
    const contents = parts > 1
      ? (await seal.split(new Uint8Array(await whole.arrayBuffer()), needed, parts, {
        signal, onProgress: (done, total) => bar.show('sealing', done, total),
      })).map((part) => seal.payload([{ part }]))
      : Array(Math.max(1, Number(form.links.value))).fill(whole);
    const made = [];
    async function store(content) {
      const fields = new FormData();
      const add = (name, value) => fields.set(name, value);
      // First, for nothing else is taken from somebody who may not create.
      if (form.link) add('link', form.link.value);
      for (const name of ['form_token', 'ttl', 'readers', 'tries', 'note', 'label', 'hours', 'allow_networks', 'deny_networks',
        'allow_countries', 'deny_countries']) if (form[name]) add(name, form[name].value);
      add('not_before', beginning());
      add('passphrase', '');
      let key = '';
      let sealed = content;
      if (canSeal) {
        const linkKey = crypto.getRandomValues(new Uint8Array(32));
        const stretched = passphrase.value ? await seal.stretch(linkKey, passphrase.value) : null;
        sealed = await seal.sealEnvelope(content, linkKey, stretched, {
          signal, onProgress: (done, total) => bar.show('sealing', done, total),
        });
        key = `#${await seal.writeLinkKey(linkKey)}`;
        if (stretched) add('passphrase', await seal.proof(stretched));
      } else {
        add('passphrase', passphrase.value);
      }
      fields.append('kind', canSeal ? 'envelope' : isPlain ? 'text' : 'bundle');
      fields.append('secret', sealed, 'secret');
      if (isPlain) for (const file of files) fields.append('file', file);
      const answer = await post('/secret', fields, signal, (done, total) => bar.show('sending', done, total));
      made.push({ ...answer, key, link: answer.link + key, created: Date.now() });
      receipts.remember(made.at(-1), form.label.value);
      signal.throwIfAborted();
    }
    const lead = parts > 1 ? word('partsLead', needed, parts) : word('linksLead');
    let page;
    try {
      for (const content of contents) await store(content);
      // Where the receipt does not come, the link is shown without.
      if (made.length === 1) page = await receipts.fetchPage(`/receipt/${made[0].receipt}${query}`).catch(() => null);
      signal.throwIfAborted();
    } catch (error) {
      // Links are good one by one, but parts together; and who cancels wants neither.
      const left = signal.aborted || parts > 1
        ? await receipts.burn(made, form.form_token.value, canSeal ? '' : passphrase.value) : made;
      if (!left.length) throw error;
      const phrase = leave();
      const problem = signal.aborted ? word('offline') : error.told ?? error.message;
      return receipts.showLinks(left, { lead, phrase, generated, problem });
    }
    const phrase = leave();
    if (page && find('#facts', page)) receipts.showReceipt(made[0], page, phrase, generated);
    else receipts.showLinks(made, { lead, phrase, generated, title: word(made.length > 1 ? 'links' : 'ready') });
  }

  /** Forgets what was put in; gives the passphrase, which is to be copied by itself. */
  function leave() {
    const phrase = passphrase.value;
    box.value = passphrase.value = '';
    files.length = 0;
    list.replaceChildren();
    listening.abort();
    return phrase;
  }

  const recent = memory.get('recent');
  if (recent?.length) {
    const format = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: 'short' });
    const entries = recent.map(({ receipt, created, label }) => element('li', {},
      element('a', { href: `/receipt/${receipt}${query}` }, label ? element('bdi', {}, legible(label)) : format.format(created)),
      label ? ` ${format.format(created)}` : ''));
    find('#recent').append(element('h2', {}, word('recent')), element('ul', {}, ...entries));
    find('#recent').hidden = false;
  }
  if (document.activeElement === document.body) box.focus();
}

// Each address shows its own page, also after going back and forth among those that a script exchanged.
let isExchanged = false;
const firstPath = location.pathname;
addEventListener('popstate', () => {
  if (isExchanged || location.pathname !== firstPath) location.reload();
});

/** After a page was exchanged: where it begins is where one reads on. */
export function arrive() {
  isExchanged = true;
  const title = find('h1');
  title.tabIndex = -1;
  title.focus();
  scrollTo(0, 0);
}

/** An error whose words are for people. */
export const failure = (told, more) => Object.assign(new Error(told), { told }, more);

/** How long somebody who cancelled waits for the answer to what was sent already, in milliseconds. */
const PATIENCE = 10000;

/**
 * Sends a form and tells how far it is; what is to be said of an error is `told` by it.
 *
 * What was sent as a whole may have done its work, so that its answer is waited for also when it is cancelled; if none comes, the
 * error `isOpen`.
 */
function post(address, fields, signal, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let isSent = false;
    // That it went as a whole may be told a moment after somebody cancelled.
    const stop = () => setTimeout(() => (isSent ? setTimeout(() => request.abort(), PATIENCE) : request.abort()));
    signal.addEventListener('abort', stop);
    request.open('POST', address + query);
    request.responseType = 'json';
    request.upload.onprogress = (event) => onProgress(event.loaded, event.total);
    request.upload.onload = () => { isSent = true; };
    request.onload = () => {
      if (request.status < 300 && request.response) resolve(request.response);
      else reject(failure(request.response?.error ?? `HTTP ${request.status}`));
    };
    request.onerror = request.onabort = () => reject(failure(word('offline'), { isOpen: isSent }));
    request.onloadend = () => signal.removeEventListener('abort', stop);
    request.send(fields);
  });
}

/** How many characters there are of the kinds that a passphrase uses. */
function classes(text) {
  return [[/[a-z]/, 26], [/[A-Z]/, 26], [/[0-9]/, 10], [/[ -/:-@[-`{-~]/, 33], [/[^ -~]/, 100]]
    .reduce((sum, [pattern, count]) => sum + (pattern.test(text) ? count : 0), 0);
}
