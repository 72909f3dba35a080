// The sender's page: the whole link, with the key that only this tab has, and ways to hand it on.
import { button, copy, element, find, memory, word } from './page.js';

/** Completes a receipt's page. `passphrase` is what was just given, if anything was. */
export function enhance(passphrase) {
  const [, , receipt] = location.pathname.split('/');
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

  const code = element('details', { id: 'qr' }, element('summary', {}, word('qr')));
  code.addEventListener('toggle', async () => {
    const { qrCode } = await import('./qr.js');
    if (code.open && !find('svg', code)) code.append(qrCode(field.value, word('qr')));
  });
  actions.after(code);

  // A tab that opens this link asks whether its maker is here.
  if (known && 'BroadcastChannel' in globalThis) {
    const channel = new BroadcastChannel('onetime-lite');
    channel.addEventListener('message', ({ data }) => {
      if (data.asks === known.secret) channel.postMessage({ made: known.secret });
    });
  }
}

// Otherwise the form's script completes the page that it brought.
if (find('script[src$="/receipt.js"]')) enhance();
