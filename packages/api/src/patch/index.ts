/** The three patches of objects; server-side apply lies in `../apply`. */
export { applyJsonPatch, jsonPatchUnknownFields } from './json-patch.ts';
export { applyMergePatch } from './merge-patch.ts';
export { applyStrategicMergePatch } from './strategic-merge-patch.ts';
