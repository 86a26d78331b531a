import type * as k8s from '../../generated/types.ts';
import { invalid, required } from '../../meta/field-error.ts';
import { append } from '../../validation/append.ts';
import { isDNS1123SubdomainWithUnderscore } from '../../validation/dns.ts';
import { isValidIPForLegacyField } from '../../validation/ip.ts';
import { byteLength } from '../../validation/messages.ts';
import { addMessages, checkDNS1123Subdomain, checkEnum } from './checks.ts';
import type { Errors, PodContext } from './types.ts';

/** Names and addresses of a pod: host aliases, DNS, ports on the host's network. */

/** Limits of libc's resolver. */
const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_CHARACTERS = 2048;
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

export function validateHostAliases(
  aliases: readonly k8s.HostAlias[],
  path: string,
  context: PodContext,
  errors: Errors,
): void {
  aliases.forEach((alias, i) => {
    append(errors, isValidIPForLegacyField(`${path}[${i}].ip`, alias.ip ?? '', context.allowed.ips));
    alias.hostnames?.forEach((name, j) => {
      checkDNS1123Subdomain(errors, `${path}[${i}].hostnames[${j}]`, name);
    });
  });
}

/** validateDNSPolicy. */
export function validateDNSPolicy(spec: k8s.PodSpec, path: string, errors: Errors): void {
  checkEnum(errors, path, spec.dnsPolicy, DNS_POLICIES);
}

/** validatePodDNSConfig. */
export function validateDNSConfig(
  spec: k8s.PodSpec,
  path: string,
  context: PodContext,
  errors: Errors,
): void {
  const config = spec.dnsConfig;
  const nameservers = config?.nameservers ?? [];
  if (spec.dnsPolicy === 'None') {
    if (config === undefined) {
      errors.push(required(path, 'must provide `dnsConfig` when `dnsPolicy` is None'));
      return;
    }
    if (nameservers.length === 0) {
      const detail = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
      errors.push(required(`${path}.nameservers`, detail));
      return;
    }
  }
  if (config === undefined) return;
  if (nameservers.length > MAX_NAMESERVERS) {
    const detail = `must not have more than ${MAX_NAMESERVERS} nameservers`;
    errors.push(invalid(`${path}.nameservers`, nameservers, detail));
  }
  nameservers.forEach((server, i) => {
    append(errors, isValidIPForLegacyField(`${path}.nameservers[${i}]`, server, context.allowed.ips));
  });
  validateSearches(config.searches ?? [], `${path}.searches`, errors);
  config.options?.forEach((option, i) => {
    if (!option.name) errors.push(required(`${path}.options[${i}]`, 'must not be empty'));
  });
}

function validateSearches(searches: readonly string[], path: string, errors: Errors): void {
  if (searches.length > MAX_SEARCHES) {
    errors.push(invalid(path, searches, `must not have more than ${MAX_SEARCHES} search paths`));
  }
  if (byteLength(searches.join(' ')) > MAX_SEARCH_CHARACTERS) {
    const detail = `must not have more than ${MAX_SEARCH_CHARACTERS} characters (including spaces) in the search list`;
    errors.push(invalid(path, searches, detail));
  }
  searches.forEach((search, i) => {
    if (search === '.') return;
    const name = search.endsWith('.') ? search.slice(0, -1) : search;
    addMessages(errors, `${path}[${i}]`, name, isDNS1123SubdomainWithUnderscore(name));
  });
}

/** validatePodHostNetworkDeps. */
export function validateHostNetworkPorts(
  spec: k8s.PodSpec,
  path: string,
  context: PodContext,
  errors: Errors,
): void {
  if (spec.hostNetwork !== true) return;
  spec.containers?.forEach((container, i) => {
    container.ports?.forEach((port, j) => {
      const hostPort = port.hostPort ?? 0;
      if ((context.isPod || hostPort !== 0) && hostPort !== (port.containerPort ?? 0)) {
        const detail = 'must match `containerPort` when `hostNetwork` is true';
        errors.push(invalid(`${path}.containers[${i}].ports[${j}].hostPort`, hostPort, detail));
      }
    });
  });
}
