/**
 * Gives back the memory of received bytes now rather than when garbage is collected: at full speed hundreds of
 * megabytes would wait for that. Only of bytes that have their memory to themselves; nobody may use them any more.
 */
export function freeBytes({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteLength > 0 && byteLength === buffer.byteLength) buffer.transfer(0);
}
