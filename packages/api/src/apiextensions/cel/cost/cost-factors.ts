/** What estimates and runs count alike. Source: cel-go common/cost.go, apiserver pkg/cel/library/cost.go. */

/** Of each byte of a text that is walked through. */
export const STRING_FACTOR = 0.1;
/** Of each byte of a pattern. */
export const REGEX_FACTOR = 0.25;
/** Of a call. */
export const CALL_COST = 1;
/** Of asking an authorizer, which upstream may do over the network. */
export const AUTHORIZATION_COST = 350_000;
/** Of making a list, a map and an object, whatever they hold. */
export const LIST_COST = 10;
export const MAP_COST = 30;
export const STRUCT_COST = 40;

/** Functions of Kubernetes' libraries that cost one unit. */
export const CONSTANT_COST: ReadonlySet<string> = new Set([
  'masked',
  'prefixLength',
  'family',
  'isUnspecified',
  'isLoopback',
  'isLinkLocalMulticast',
  'isLinkLocalUnicast',
  'isGlobalUnicast',
  'format.named',
  'sign',
  'asInteger',
  'isInteger',
  'asApproximateFloat',
  'isGreaterThan',
  'isLessThan',
  'compareTo',
  'add',
  'sub',
  'major',
  'minor',
  'patch',
  'getScheme',
  'getHostname',
  'getHost',
  'getPort',
  'getEscapedPath',
  'getQuery',
]);
