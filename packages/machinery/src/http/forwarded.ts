/**
 * The header in which whoever ends TLS for a process forwards the client's certificate: DER in base64. It must be
 * taken away from what clients send themselves.
 */
export const CERTIFICATE_HEADER = 'x-sampan-client-certificate';
