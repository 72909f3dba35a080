// The sender's page: the whole link, with the key that only this tab has, and ways to hand it on; and what becomes of links that
// the form has made.
import {
  alarm, announce, arrive, button, copy, element, failure, find, keepLanguage, memory, query, say, word,
} from './page.js';

/** A page of the server; an error with its `status`, and the `page` that came instead, where it is not what was asked for. */
export function fetchPage(address) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('GET', address);
    request.responseType = 'document';
    request.onload = () => {
      if (request.status === 200 && request.response) resolve(request.response);
      else reject(failure(`HTTP ${request.status}`, { status: request.status, page: request.response }));
    };
    request.onerror = () => reject(failure(word('offline')));
    request.send();
  });
}

/** Keeps what only this tab knows of a secret. */
export function remember({ receipt, secret, key, created }, label) {
  memory.set('recent', [{ receipt, created, label }, ...memory.get('recent') ?? []].slice(0, 50));
  memory.set(`link ${receipt}`, { secret, key });
}

/** Burns what was made; gives those that could not be. */
export async function burn(made, formToken, passphrase) {
  const left = [];
  for (const one of made) {
    const body = new URLSearchParams({ form_token: formToken, passphrase });
    const answer = await fetch(`/receipt/${one.receipt}/burn${query}`, { method: 'POST', body }).catch(() => null);
    if (!answer?.ok) {
      left.push(one);
      continue;
    }
    memory.forget(`link ${one.receipt}`);
    memory.set('recent', (memory.get('recent') ?? []).filter(({ receipt }) => receipt !== one.receipt));
  }
  return left;
}

/** Goes from the form to the receipt, whose `page` is here, without losing what only this tab knows. */
export function showReceipt({ receipt }, page, passphrase, generated) {
  history.pushState(null, '', `/receipt/${receipt}${query}`);
  document.title = page.title;
  find('main').replaceWith(document.adoptNode(find('main', page)));
  enhance(passphrase, generated);
  arrive();
  // What it is called is heard, for the focus is there.
  say(find('.lead').textContent);
}

/** Completes a receipt's page. `passphrase` and `generated` are what was just given and made up, if anything was. */
export function enhance(passphrase, generated) {
  // The answer to the form is at the form's address; its link to itself is not.
  const [, , receipt] = (find('#refresh') ?? location).pathname.split('/');
  follow(receipt);
  const field = find('#link');
  const known = memory.get(`link ${receipt}`);
  if (!field) {
    // A page that says something else than what became of the secret ends nothing.
    if (find('#facts') && !find('#facts').dataset.version.startsWith('new ')) memory.forget(`link ${receipt}`);
    return;
  }
  if ('needsKey' in field.dataset && known?.key) {
    field.value += known.key;
    find('#key-missing').remove();
  }
  if (known) answerTabs([known.secret]);
  if (generated) {
    // Another language would be another page, without it.
    keepLanguage();
    field.closest('.card').append(shownOnce(generated));
  }
  // Half a link opens nothing, however it is handed on.
  if (find('#key-missing')) return;
  const actions = find('#link-actions');
  field.addEventListener('focus', () => field.select());
  actions.append(button(word('copyLink'), () => copy(field.value), 'primary'));
  if (passphrase) actions.append(button(word('copyPassphrase'), () => copy(passphrase)));
  if (navigator.share) actions.append(button(word('send'), () => navigator.share({ url: field.value }).catch(() => {})));

  // The server has drawn a link that it knows as a whole.
  if (!find('#qr')) {
    const code = element('details', { id: 'qr' }, element('summary', {}, word('qr')));
    code.addEventListener('toggle', async () => {
      const { qrCode } = await import('./qr.js');
      if (code.open && !find('svg', code)) code.append(qrCode(field.value, word('qr')));
    });
    actions.after(code);
  }
}

/** A password that was made up, which no page has but this one. */
function shownOnce(generated) {
  const field = element('input', { id: 'generated', className: 'mono', type: 'text', readOnly: true, value: generated });
  field.setAttribute('aria-describedby', 'generated-hint');
  return element('div', { className: 'field' }, element('label', { htmlFor: field.id }, word('generated')), field,
    element('p', { className: 'hint', id: 'generated-hint' }, word('generatedHint')));
}

/** Tells a tab that opens a link whether its maker is here. */
function answerTabs(secrets) {
  if (!('BroadcastChannel' in globalThis)) return;
  const channel = new BroadcastChannel('onetime-lite');
  channel.addEventListener('message', ({ data }) => {
    if (secrets.includes(data.asks)) channel.postMessage({ made: data.asks });
  });
}

/**
 * Shows links in place of the form that made them; takes nothing from the server.
 *
 * `phrase` is their passphrase, if they have one; `generated` is what they hold, if that was made up; `problem` is why there
 * are not more.
 */
export function showLinks(made, { lead, phrase, generated, problem, title = word('links') }) {
  const cards = made.map(({ link, receipt }, index) => {
    const id = `link-${index}`;
    const field = element('input', { id, className: 'mono', type: 'text', dir: 'ltr', readOnly: true, value: link });
    return element('div', { className: 'field' }, element('label', { htmlFor: id }, word('link', index + 1)), field,
      element('div', { className: 'actions' }, button(word('copyLink'), () => copy(link)),
        element('a', { className: 'button', href: `/receipt/${receipt}${query}` }, word('receipt'))));
  });
  if (phrase) cards.push(button(word('copyPassphrase'), () => copy(phrase)));
  if (generated) cards.push(shownOnce(generated));
  document.title = document.title.replace(find('h1').textContent, () => title);
  keepLanguage();
  const card = element('section', { className: 'card' }, ...cards);
  find('main').replaceChildren(find('#words'), element('h1', {}, title), element('p', { className: 'lead' }, lead), card,
    element('p', { className: 'hint' }, word('warning')), element('p', {}, element('a', { href: `/${query}` }, word('another'))),
    find('#status'));
  answerTabs(made.map(({ secret }) => secret));
  arrive();
  if (problem) alarm(problem, card);
  else say(lead);
}

/** Keeps the page up to date for as long as something may happen to the secret, and the server tells. */
function follow(receipt) {
  const refresh = find('#refresh');
  if (!refresh || !('EventSource' in globalThis)) return;
  const address = `/receipt/${receipt}`;
  const live = element('p', { className: 'hint', id: 'live', hidden: true }, word('live'));
  refresh.before(live);
  let events;
  let isOver = false;
  /** A connection that ends and is back soon is no change; without one, people have to ask by themselves. */
  let silence;
  const heard = () => { silence = void clearTimeout(silence); };
  const show = (isLive) => {
    heard();
    find('#live').hidden = !isLive;
    find('#refresh').hidden = isLive;
  };
  let turn = Promise.resolve();
  function listen() {
    events = new EventSource(`${address}/events`);
    events.addEventListener('open', () => show(true));
    // Each try that fails is an error again, so the first one counts.
    events.addEventListener('error', () => {
      if (find('#live')) silence ??= setTimeout(show, events.readyState === EventSource.CLOSED ? 0 : 5000, false);
    });
    events.addEventListener('message', ({ data }) => {
      isOver = !data.startsWith('new ');
      if (isOver) events.close();
      heard();
      const isLast = isOver;
      turn = turn.then(() => update(address, data, isLast, live)).catch(() => isLast || show(false));
    });
  }
  listen();
  addEventListener('pagehide', () => events.close());
  // A browser may keep the page while others are looked at, and bring it back as it was.
  addEventListener('pageshow', ({ persisted }) => persisted && !isOver && listen());
}

/** Shows what the server says of the secret now, where it is something else than what the page says. */
async function update(address, version, isLast, live) {
  if (find('#facts').dataset.version === version) return;
  let page;
  try {
    page = await fetchPage(address + query);
  } catch (error) {
    // A server that was wiped knows nothing of it any more.
    if (error.status === 404) return location.replace(address + query);
    throw error;
  }
  const hadFocus = find('main').contains(document.activeElement);
  const facts = find('#facts', page);
  find('#facts').replaceWith(document.adoptNode(facts));
  if (isLast) {
    // What was made up is needed still; its link is not.
    const generated = find('#generated')?.closest('.field');
    find('#link')?.closest('.card').remove();
    if (generated) find('#facts').before(element('section', { className: 'card' }, generated));
    memory.forget(`link ${address.split('/')[2]}`);
  } else {
    find('#refresh').before(live);
    find('#refresh').hidden = true;
  }
  document.title = page.title;
  for (const part of ['h1', '.lead']) find(part).textContent = find(part, page).textContent;
  if (hadFocus && !find('main').contains(document.activeElement)) {
    find('h1').tabIndex = -1;
    find('h1').focus();
  }
  announce(find('#facts .state').textContent);
}

// Otherwise the form's script completes the page that it brought.
if (find('script[src$="/receipt.js"]')) enhance();
