/** Many small things in few transactions. */
import type { Address, Instruction } from '@solana/kit';
import { MAX_BYTES, sizeOf } from './message';
import type { Step } from './plan';

/** `alone`: needs a transaction of its own; if it fails, the others go on without it. */
export type Part = { title: string; instructions: readonly Instruction[]; alone: boolean };
/** Parts that one transaction may hold, by compute units. */
const MOST_PARTS = 12;

/** Each sentence once, with how often it is there. */
function titleOf(parts: readonly Part[]): string {
    const counts = new Map<string, number>();
    for (const { title } of parts) counts.set(title, (counts.get(title) ?? 0) + 1);
    return [...counts].map(([title, count]) => (count === 1 ? title : `${title} (${count} times)`)).join(', ');
}

/** Titles that tell steps apart. */
function numbered(titles: readonly string[]): string[] {
    const seen = new Map<string, number>();
    return titles.map((title) => {
        const all = titles.filter((other) => other === title).length;
        if (all === 1) return title;
        const number = (seen.get(title) ?? 0) + 1;
        seen.set(title, number);
        return `${title}, ${number} of ${all}`;
    });
}

/** Steps as full as they can be: a transaction holds so many parts as its bytes allow. */
export function pack(payer: Address, parts: readonly Part[]): Step[] {
    const steps: { parts: Part[] }[] = [];
    for (const part of parts) {
        const last = steps.at(-1);
        const together = last && [...last.parts, part];
        const fits =
            together &&
            !together.some((one) => one.alone) &&
            together.length <= MOST_PARTS &&
            sizeOf(payer, together.flatMap((one) => one.instructions)) <= MAX_BYTES;
        if (last && fits) last.parts.push(part);
        else steps.push({ parts: [part] });
    }
    const titles = numbered(steps.map(({ parts: all }) => titleOf(all)));
    return steps.map(({ parts: all }, i) => ({
        title: titles[i]!,
        instructions: all.flatMap((part) => part.instructions),
        optional: all.every((part) => part.alone),
    }));
}
