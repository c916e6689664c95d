/** The page as a person uses it. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

export type App = { page: Page; base: string; rpc: string };

/** Opens a route on the localnet. */
export async function open({ page, base, rpc }: App, route: string): Promise<void> {
    const target = `${base}/?rpc=${encodeURIComponent(rpc)}#/${route}`;
    if (page.url().startsWith(`${base}/?`)) await page.evaluate((hash) => void (location.hash = hash), `#/${route}`);
    else await page.goto(target);
    await page.locator('main h1').first().waitFor();
}

export async function connect({ page }: App, wallet: 'Test Signer' | 'Test Sender'): Promise<void> {
    await page.getByRole('button', { name: 'Connect wallet' }).click();
    await page.getByRole('button', { name: wallet }).click();
    await page.locator('header .wallet > button', { hasText: '…' }).waitFor();
}

export async function disconnect({ page }: App): Promise<void> {
    await page.locator('header .wallet > button').click();
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await page.getByRole('button', { name: 'Connect wallet' }).waitFor();
}

export async function fill({ page }: App, label: string | RegExp, value: string): Promise<void> {
    await page.getByLabel(label).fill(value);
}

/** Presses a button of the form and waits for what the simulation says; its text is returned. */
export async function review({ page }: App, button: string | RegExp = 'Review'): Promise<string> {
    await page.locator('form.action').getByRole('button', { name: button, exact: typeof button === 'string' }).first().click();
    const dialog = page.locator('dialog.confirm');
    await dialog.locator('.step.review, .step.refused').first().waitFor();
    return dialog.innerText();
}

/** Signs step after step until all are done, and closes the dialog. */
export async function signAll({ page }: App): Promise<void> {
    const dialog = page.locator('dialog.confirm');
    const steps = await dialog.locator('.step').count();
    for (let i = 0; i < steps; i += 1) {
        const step = dialog.locator('.step').nth(i);
        const sign = dialog.getByRole('button', { name: 'Sign in the wallet' });
        const refused = dialog.locator('.step.refused');
        await sign.or(refused).first().waitFor();
        assert.deepEqual(await refused.allInnerTexts(), []);
        await sign.click();
        await step.locator('.status:is([data-phase=confirmed], [data-phase=finalized]), .notice.danger').first().waitFor();
        const refusal = await step.locator('.notice.danger').allInnerTexts();
        assert.deepEqual(refusal, []);
    }
    await dialog.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'detached' });
}

/** Issues a security with terms as the form proposes them, redeemable from now on. */
export async function issue(app: App, payoutMint: string, kind: RegExp, name: string, symbol: string): Promise<void> {
    await open(app, 'create');
    await app.page.getByRole('radio', { name: kind }).check();
    await fill(app, 'Name', name);
    await fill(app, 'Symbol', symbol);
    await app.page.getByRole('button', { name: 'Next' }).click();
    await fill(app, 'Mint that holders are paid in', payoutMint);
    await app.page.getByRole('radio', { name: 'From a time on' }).check();
    await app.page.getByRole('button', { name: 'Next' }).click();
    await review(app, 'Review and create');
    await signAll(app);
}
