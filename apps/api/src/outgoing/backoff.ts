/** Seconds until the next try after so many: 5, 10, 20, … up to four hours. Twenty tries take about two days. */
export const backoffSeconds = (attempts: number): number => Math.min(5 * 2 ** Math.max(attempts - 1, 0), 4 * 3_600);
export const mostAttempts = 20;
