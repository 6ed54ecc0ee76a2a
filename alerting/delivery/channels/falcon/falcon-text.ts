/** The texts of Open-Falcon's alarm, as cron/builder.go writes them. Gateways cut them apart at the brackets. */
import { type AlertEvent, formatNumber, formatTags } from '../../../../core/index.ts';

/**
 * `[P%d][%s][%s][][%s %s %s %s %s%s%s][O%d %s]`: priority, status, endpoint, note, function, metric, tags, left
 * value, operator, right value, step, time.
 */
export function falconText(event: AlertEvent, timeZone: string): string {
  const { condition, priority, status, endpoint, note, currentStep } = event;
  const { func, metric, operator } = condition;
  const [left, right] = [formatNumber(event.leftValue), formatNumber(condition.rightValue)];
  const judged = `${note} ${func} ${metric} ${formatTags(event.tags)} ${left}${operator}${right}`;
  return `[P${priority}][${status}][${endpoint}][][${judged}][O${currentStep} ${falconTime(event, timeZone)}]`;
}

export function falconMailBody(event: AlertEvent, link: string, timeZone: string): string {
  const { condition, priority, status, endpoint, note, currentStep, tags } = event;
  const [left, right] = [formatNumber(event.leftValue), formatNumber(condition.rightValue)];
  return [
    status,
    `P${priority}`,
    `Endpoint:${endpoint}`,
    `Metric:${condition.metric}`,
    `Tags:${formatTags(tags)}`,
    `${condition.func}: ${left}${condition.operator}${right}`,
    `Note:${note}`,
    `Current:${currentStep}`,
    `Timestamp:${falconTime(event, timeZone)}`,
    link,
    '',
  ].join('\r\n');
}

/** `2006-01-02 15:04:05` on the wall clock of a place. */
export function falconTime({ eventTimeMs }: Pick<AlertEvent, 'eventTimeMs'>, timeZone: string): string {
  // Swedish writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone }).format(eventTimeMs);
}
