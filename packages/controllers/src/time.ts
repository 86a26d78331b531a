/** metav1.Time of milliseconds since the epoch. */
export const formatTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
