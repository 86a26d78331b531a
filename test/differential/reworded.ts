/**
 * Messages that Kubernetes words differently since 1.20. The oracle's text with some of these replacements made
 * must equal ours, so a reworded message is still compared to the letter.
 */
import { endOfJson, goValues } from './go-value.ts';

export interface Rewording {
  /** With the global flag. It is matched against the oracle's text alone. */
  readonly old: RegExp;
  /** Replacement, with `$1` and the like, or what makes one of the text that matched. */
  readonly now: string | ((text: string) => string);
  /** A sentence that is a line in docs/compatibility.md. */
  readonly reason: string;
}

const reason = 'Messages that Kubernetes has reworded since 1.20 have the words of 1.36.';

const byJson = "Messages print values as JSON where 1.20 printed Go's syntax.";

/** `[]string{"a", "b"}` as JSON; the strings are quoted alike. */
const listAsJson = (list: string): string =>
  list
    .replace(/^\[\][\w.]+\{/, '[')
    .replace(/\}$/, ']')
    .replaceAll('", "', '","');

/** `map[string]string{"a":"b", "c":"d"}` as JSON. */
const mapAsJson = (map: string): string => map.replace(/^map\[\w+\]\w+/, '').replaceAll('", "', '","');

/** `[]byte{0x68}` as JSON: base64. */
const bytesAsJson = (bytes: string): string =>
  JSON.stringify(
    Buffer.from([...bytes.matchAll(/0x([0-9a-f]+)/g)].map(([, hex = '']) => parseInt(hex, 16))).toString(
      'base64',
    ),
  );

const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';

export const REWORDED: readonly Rewording[] = [
  { old: RegExp(`\\[\\][\\w.]+\\{(?:${QUOTED}(?:, )?)*\\}`, 'g'), now: listAsJson, reason: byJson },
  {
    old: RegExp(`map\\[string\\]string\\{(?:${QUOTED}:${QUOTED}(?:, )?)*\\}`, 'g'),
    now: mapAsJson,
    reason: byJson,
  },
  { old: /\[\][\w.]+\(nil\)|map\[\w+\]\w+\(nil\)|core\.ResourceList\(nil\)/g, now: 'null', reason: byJson },
  { old: /\[\]byte\{(?:0x[0-9a-f]{1,2}(?:, )?)*\}/g, now: bytesAsJson, reason: byJson },
  { old: /(?<=value: )0x0\b/g, now: '0', reason: byJson },
  { old: /(?<=value: )\(\*[\w.]+\)\(nil\)/g, now: 'null', reason: byJson },
  {
    old: /\n<difference>\n/g,
    now: '',
    reason: "Messages about a changed spec do not print Go's difference between the two.",
  },
  { old: /(?<=value: )"null"/g, now: 'null', reason: byJson },
  {
    old: /Too long: must have at most (\d+) (?:bytes|characters)/g,
    now: 'Too long: may not be more than $1 bytes',
    reason,
  },
  { old: /must be no more than (\d+) characters/g, now: 'must be no more than $1 bytes', reason },
  { old: /a qualified name must consist/g, now: 'a valid label key must consist', reason },
  { old: /(?<=value: "": )(?:uid|kind|name) must not be empty/g, now: 'must not be empty', reason },
  {
    old: /expected: '=', '!=', '==', 'in', notin'/g,
    now: 'expected: in, notin, =, ==, !=, gt, lt',
    reason,
  },
  {
    old: /invalid label value: ("[^"]*"): at key: "([^"]*)"/g,
    now: 'values[0][$2]: Invalid value: $1',
    reason,
  },
  {
    // of a value that is a subdomain
    old: /(?<="[a-z0-9.-]*\.[a-z0-9.-]*": )a lowercase RFC 1123 label must consist of [^']*'-'[^']*'my-name',[^']*'123-abc',[^']*'[^']*'\)/g,
    now: 'must not contain dots',
    reason,
  },
  {
    old: /must be (?:a )?valid IP address(?!, \(e\.g\.)/g,
    now: 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    reason,
  },
  {
    old: /(?:(?<=value: "[^"]*": )not a valid CIDR|must be valid CIDR)/g,
    now: 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    reason,
  },
  {
    // the address itself, where 1.20 showed all addresses
    old: /\[\]string\{("[^"]*")\}: must be valid CIDR/g,
    now: '$1: must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    reason,
  },
  {
    old: /spec is immutable after creation except resources\.requests for bound claims/g,
    now: 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
    reason,
  },
  {
    old: /`spec\.containers\[\*\]\.image`, `spec\.initContainers\[\*\]\.image`, `spec\.activeDeadlineSeconds` or `spec\.tolerations` \(only additions to existing tolerations\)/g,
    now: '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
    reason,
  },
  // 1.36 says KIND/NAME
  { old: /(?<=in references for )a and b$/g, now: 'A/a and B/b', reason },
  { old: /must to greater or equal than 0/g, now: 'must be greater than or equal to 0', reason },
  {
    old: /supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce"/g,
    now: 'supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
    reason: 'Volumes know the access mode ReadWriteOncePod.',
  },
  {
    old: /^"?Required value: schemas are required|(?<=openAPIV3Schema: )Required value: schemas are required/g,
    now: 'Required value',
    reason,
  },
  { old: /\(127\.0\.0\.0\/8\)/g, now: '(127.0.0.0/8, ::1/128)', reason },
  { old: /\(169\.254\.0\.0\/16\)/g, now: '(169.254.0.0/16, fe80::/10)', reason },
  { old: /\(224\.0\.0\.0\/24\)/g, now: '(224.0.0.0/24, ff02::/10)', reason },
  { old: /at least one letter or number \(a-z, 0-9\)/g, now: 'at least one letter (a-z)', reason },
  {
    old: /a valid environment variable name must consist of alphabetic [^']*'_', '-', or '\.'[^']*'my\.env-name',[^']*'MY_ENV\.NAME',[^']*'MyEnvName1'[^']*'[^']*'\)/g,
    now: "a valid environment variable name must consist only of printable ASCII characters other than '='",
    reason,
  },
  {
    old: /`configMapKeyRef` or `secretKeyRef`/g,
    now: '`configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
    reason,
  },
  {
    old: /Invalid value: ("[^"]*"): must be 'File' or 'FallbackToLogsOnError'/g,
    now: 'Unsupported value: $1: supported values: "File", "FallbackToLogsOnError"',
    reason,
  },
  {
    old: /must have at most 253 characters and match regex \(\[a-z0-9\]\(\[-_a-z0-9\]\*\[a-z0-9\]\)\?\\\.\)\*\[a-z0-9\]\(\[-_a-z0-9\]\*\[a-z0-9\]\)\?/g,
    now: 'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$',
    reason,
  },
  {
    old: /may not specify more than 1 volume type(?! per)/g,
    now: 'may not specify more than 1 volume type per source',
    reason,
  },
  {
    old: /fields other than 'replicas', 'template', and 'updateStrategy' are forbidden/g,
    now: "fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    reason,
  },
  {
    old: /Expected exactly 5 fields, found (\d+): ([^,\]]*)/g,
    now: 'expected exactly 5 fields, found $1: [$2]',
    reason,
  },
  { old: /End of range \(/g, now: 'end of range (', reason },
  {
    old: /ExternalTrafficPolicy can only be set on NodePort and LoadBalancer service/g,
    now: 'may only be set for externally-accessible services',
    reason,
  },
  {
    old: /Invalid value: ("[^"]*"): ExternalTrafficPolicy must be empty, Cluster or Local/g,
    now: 'Unsupported value: $1: supported values: "Cluster", "Local"',
    reason,
  },
  {
    old: /HealthCheckNodePort can only be set on LoadBalancer service with ExternalTrafficPolicy=Local/g,
    now: "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    reason,
  },
  {
    old: /Cluster is not configured for dual stack services/g,
    now: 'this cluster is not configured for dual-stack services',
    reason,
  },
  {
    old: /Invalid value: \[\]string\(nil\): ipfamily (IPv[46]) is not configured on cluster/g,
    now: 'Invalid value: "$1": not configured on this cluster',
    reason,
  },
  {
    old: /must be 'Exist' only operator when scope is any of ((?:ResourceQuotaScope\w+, )*ResourceQuotaScope\w+) and (ResourceQuotaScope\w+)/g,
    now: "must be 'Exists' when scope is any of $1, $2 or ResourceQuotaScopeCrossNamespacePodAffinity",
    reason,
  },
  { old: /data\[%s\]\[([\w-]+)\]/g, now: 'data[$1]', reason },
  {
    old: /^"?Unable to convert to Table as requested: includeObject: Invalid value: ("[^"]*"): must be .*/g,
    now: 'unrecognized includeObject value: $1',
    reason,
  },
];

/**
 * Why `expected` is the same message as `actual`: the reason of the first rewording that it takes; undefined when
 * no rewordings make it equal. From left to right, a rewording is made where `actual` goes on with the new words.
 */
export function rewordingOf(expected: string, actual: string): string | undefined {
  const used: string[] = [];
  let text = '';
  let end = 0;
  for (const { start, old, now, reason } of matchesIn(expected)) {
    if (start < end) continue;
    const before = text + expected.slice(end, start);
    // ours still says so, and not the beginning of something longer
    if (actual.startsWith(before + old) && (now ?? '').length < old.length) continue;
    const next = before + (now ?? actual.slice(before.length, endOfJson(actual, before.length)));
    if (next === before && now === undefined) continue;
    if (!actual.startsWith(next)) continue;
    text = next;
    end = start + old.length;
    used.push(reason);
  }
  return text + expected.slice(end) === actual ? used[0] : undefined;
}

interface Match {
  readonly start: number;
  readonly old: string;
  /** Undefined: any JSON value. */
  readonly now: string | undefined;
  readonly reason: string;
}

function matchesIn(text: string): Match[] {
  const found = REWORDED.flatMap(({ old, now, reason }) =>
    [...text.matchAll(old)].map((match) => ({
      start: match.index,
      old: match[0],
      now:
        typeof now === 'string' ? now.replaceAll(/\$(\d)/g, (_, n) => match[Number(n)] ?? '') : now(match[0]),
      reason,
    })),
  );
  const values = goValues(text).map(([start, end]) => ({
    start,
    old: text.slice(start, end),
    now: undefined,
    reason: byJson,
  }));
  return [...found, ...values].sort((a, b) => a.start - b.start);
}
