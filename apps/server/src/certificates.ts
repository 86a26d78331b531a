import type { Listener } from '@sampan/apiserver';
import { type Logger, messageOf } from '@sampan/base';
import { ensurePki, type HomeLayout } from '@sampan/home';

const CHECK_EVERY_MS = 12 * 3600_000;

/**
 * Renews certificates that end soon for as long as the server runs, and serves the new one to new connections. The
 * returned function ends it.
 */
export function keepCertificates(
  home: HomeLayout,
  listener: Listener,
  log: Logger,
  serverNames: readonly string[],
): () => void {
  let serving = ensurePki(home, { serverNames }).serving.certificate;
  const timer = setInterval(() => {
    try {
      const pki = ensurePki(home, { serverNames });
      if (pki.serving.certificate === serving) return;
      serving = pki.serving.certificate;
      listener.renew(pki.serving.certificate, pki.serving.key, pki.authority.certificatePem);
      log.info('renewed the serving certificate');
    } catch (error) {
      // the old one holds for weeks yet; the next check tries again
      log.error('certificates could not be renewed', { error: messageOf(error) });
    }
  }, CHECK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
