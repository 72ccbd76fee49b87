// How much comes, over time: drawn by uPlot, which is loaded with this page only.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Bins } from '../net/pulse';
import { clock, dayShort, moment } from '../words/dates';
import { language, t } from '../words/words';

const HEIGHT = 240;

function colour(element: Element, name: string): string {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

function build(box: HTMLElement, bins: Bins): uPlot {
  const ink = colour(box, '--vd-soft');
  const line = colour(box, '--vd-line');
  const of = (name: string) => colour(box, `--basis-color-${name}-border-default`);
  const label = (at: number) => (bins.width * bins.x.length > 2 * 86_400_000 ? dayShort(at * 1000) : clock(at * 1000));
  const steps = uPlot.paths.stepped?.({ align: 1 });
  const series = (name: string, stroke: string, fill: boolean): uPlot.Series => ({
    label: name, stroke, width: 2, points: { show: false }, ...(steps === undefined ? {} : { paths: steps }), ...(fill ? { fill: `${stroke}30` } : {}),
    value: (_, value: number | null) => (value === null ? '–' : String(value)),
  });
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: '13px "Noto Sans Variable", sans-serif' };
  return new uPlot({
    width: box.clientWidth, height: HEIGHT, cursor: { y: false }, padding: [8, 8, 0, 0],
    series: [
      { label: t('chart.time'), value: (_, at) => (at === null ? '–' : moment(at * 1000)) },
      series(t('chart.accepted'), of('accent-1'), true), series(t('chart.refused'), of('negative'), false), series(t('chart.cases'), of('positive'), false),
    ],
    axes: [{ ...axis, values: (_, at) => at.map(label), space: 80 }, { ...axis, size: 48, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] }],
    scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max(4, Math.ceil(most * 1.1))] } },
  }, points(bins), box);
}

const points = (bins: Bins): uPlot.AlignedData => [bins.x.map((at) => at / 1000), bins.accepted, bins.refused, bins.cases];

export function Chart({ bins, label }: { bins: Bins; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(bins);
  latest.current = bins;
  const whole = bins.width * bins.x.length;
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = build(element, latest.current);
    };
    draw();
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', draw);
    const sized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    sized.observe(element);
    return () => {
      dark.removeEventListener('change', draw);
      sized.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [whole, language.value]);
  useEffect(() => plot.current?.setData(points(bins)), [bins]);
  return <div ref={box} class="chart" role="img" aria-label={label} />;
}
