/** Pictures of every page for people to look at: both themes, desk and phone. Made only when a folder is named for them. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { environment } from './environment';

const SIZES = { desk: { width: 1_280, height: 800 }, phone: { width: 375, height: 800 } };

/** Photographs what the page shows now, and checks that nothing sticks out of a phone. */
export async function photograph(page: Page, name: string): Promise<void> {
    const { screenshots } = environment();
    await page.setViewportSize(SIZES.phone);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > SIZES.phone.width) throw new Error(`${name} is ${width} pixels wide on a phone of ${SIZES.phone.width}`);
    if (screenshots) {
        mkdirSync(screenshots, { recursive: true });
        for (const [size, viewport] of Object.entries(SIZES)) {
            await page.setViewportSize(viewport);
            for (const colorScheme of ['light', 'dark'] as const) {
                await page.emulateMedia({ colorScheme });
                await page.waitForTimeout(150);
                await page.screenshot({ path: join(screenshots, `${name}-${size}-${colorScheme}.png`), fullPage: true });
            }
        }
    }
    await page.emulateMedia({ colorScheme: null });
    await page.setViewportSize(SIZES.desk);
}
