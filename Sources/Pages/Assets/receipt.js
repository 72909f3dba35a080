// The sender's page: the whole link, with the key that only this tab has, and ways to hand it on.
import { announce, button, copy, element, fetchPage, find, memory, word } from './page.js';

/** Completes a receipt's page. `passphrase` is what was just given, if anything was. */
export function enhance(passphrase) {
  const [, , receipt] = location.pathname.split('/');
  follow(receipt);
  const field = find('#link');
  const known = memory.get(`link ${receipt}`);
  if (!field) {
    memory.forget(`link ${receipt}`);
    return;
  }
  if ('needsKey' in field.dataset && known?.key) {
    field.value += known.key;
    find('#key-missing').remove();
  }
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

  // A tab that opens this link asks whether its maker is here.
  if (known && 'BroadcastChannel' in globalThis) {
    const channel = new BroadcastChannel('onetime-lite');
    channel.addEventListener('message', ({ data }) => {
      if (data.asks === known.secret) channel.postMessage({ made: known.secret });
    });
  }
}

/** Keeps the page up to date for as long as something may happen to the secret, and the server tells. */
function follow(receipt) {
  const refresh = find('#refresh');
  if (!refresh || !('EventSource' in globalThis)) return;
  const address = `/receipt/${receipt}`;
  const live = element('p', { className: 'hint', id: 'live', hidden: true }, word('live'));
  refresh.before(live);
  const events = new EventSource(`${address}/events`);
  /** A connection that ends and is back soon is no change; without one, people have to ask by themselves. */
  let silence;
  const heard = () => { silence = void clearTimeout(silence); };
  const show = (isLive) => {
    heard();
    find('#live').hidden = !isLive;
    find('#refresh').hidden = isLive;
  };
  events.addEventListener('open', () => show(true));
  // Each try that fails is an error again, so the first one counts.
  events.addEventListener('error', () => {
    if (find('#live')) silence ??= setTimeout(show, events.readyState === EventSource.CLOSED ? 0 : 5000, false);
  });
  let turn = Promise.resolve();
  events.addEventListener('message', ({ data }) => {
    const isLast = !data.startsWith('new ');
    if (isLast) events.close();
    heard();
    turn = turn.then(() => update(address, data, isLast, live)).catch(() => isLast || show(false));
  });
  addEventListener('pagehide', () => events.close());
}

/** Shows what the server says of the secret now, where it is something else than what the page says. */
async function update(address, version, isLast, live) {
  if (find('#facts').dataset.version === version) return;
  const page = await fetchPage(address + location.search);
  const hadFocus = find('main').contains(document.activeElement);
  const facts = find('#facts', page);
  // A server that was wiped knows nothing of it any more.
  if (!facts) return location.replace(address + location.search);
  find('#facts').replaceWith(document.adoptNode(facts));
  if (isLast) {
    find('#link')?.closest('.card').remove();
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
