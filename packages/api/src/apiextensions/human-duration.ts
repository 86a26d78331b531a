/** kubectl's short form of a duration, `5m`, `3d4h` (apimachinery pkg/util/duration.HumanDuration). */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1_000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  const rest = (value: number, unit: string): string => (value === 0 ? '' : `${value}${unit}`);
  if (minutes < 10) return `${minutes}m${rest(seconds % 60, 's')}`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return `${hours}h${rest(minutes % 60, 'm')}`;
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 192) return `${days}d${rest(hours % 24, 'h')}`;
  if (days < 730) return `${days}d`;
  const years = Math.trunc(days / 365);
  return days < 2_920 ? `${years}y${rest(days % 365, 'd')}` : `${years}y`;
}
