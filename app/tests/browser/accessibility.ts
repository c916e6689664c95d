/** axe-core with every rule on: no page may violate one, in either theme. */
import assert from 'node:assert/strict';
import axe from 'axe-core';
import type { Page } from 'playwright-core';

type Results = { violations: { id: string; help: string; nodes: { target: unknown[]; failureSummary?: string }[] }[] };

export async function assertAccessible(page: Page, what: string): Promise<void> {
    await page.evaluate(axe.source);
    for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        // Colours change over a tenth of a second.
        await page.waitForTimeout(150);
        const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as Results;
        const said = violations.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map((node) => `    ${node.target.join(' ')}\n${node.failureSummary ?? ''}`).join('\n')}`);
        assert.deepEqual(said, [], `${what}, ${colorScheme}`);
    }
    await page.emulateMedia({ colorScheme: null });
}
