import { type Logger, messageOf } from '@sampan/base';
import { type HomeLayout, readSettings, SettingsWatch } from '@sampan/home';
import type { WebhookHosts } from '@sampan/hub';

/** Which hosts on this machine webhooks may call, as the home's settings say at the moment. */
export function webhookHosts(home: HomeLayout, log: Logger): WebhookHosts {
  const settings = new SettingsWatch(home);
  let known: readonly string[] = [];
  return {
    list: () => {
      try {
        known = readSettings(home).webhookHosts ?? [];
      } catch (error) {
        // what was known before still holds
        log.error('the settings cannot be read', { error: messageOf(error) });
      }
      return known;
    },
    follow: (listener) => settings.follow(listener),
  };
}
