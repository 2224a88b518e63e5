/** Number of values in a sparkline. */
export const SPARK_VALUES = 60;

/** Draws the last values as a line, newest on the right. The number beside it is its text alternative. */
export function Sparkline({ values }: { values: readonly number[] }) {
  const top = Math.max(1, ...values);
  const x = (i: number) => SPARK_VALUES - values.length + i;
  const points = values.map((value, i) => `${x(i)} ${(19 - (value / top) * 18).toFixed(2)}`);
  if (points.length < 2) points.length = 0;
  const line = points.length === 0 ? "" : `M${points.join("L")}`;
  const area = line && `${line}V20H${x(0)}Z`;
  return (
    <svg class="sparkline" viewBox={`0 0 ${SPARK_VALUES - 1} 20`} preserveAspectRatio="none" aria-hidden>
      <path class="area" d={area} />
      <path class="line" d={line} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
