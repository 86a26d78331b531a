import { hostname } from 'node:os';
import { SampanError } from '@sampan/base';

/** The machine's name, as upstream's kubelet takes it (a DNS-1123 subdomain). Throws `node-name`. */
export function nodeName(): string {
  const name = hostname().trim().toLowerCase();
  if (/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) return name;
  throw new SampanError('node-name', `The machine's name ${JSON.stringify(name)} cannot be a node's.`, {
    hint: 'Give it one of small letters, digits and hyphens: hostnamectl set-hostname NAME',
  });
}
