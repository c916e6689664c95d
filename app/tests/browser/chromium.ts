/** A real Chromium: the one on the PATH, else the one of an npm package, unpacked into the cache. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import bundled from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';
import { environment } from './environment';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

function onPath(): string | null {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
        for (const name of NAMES) {
            try {
                accessSync(join(folder, name), constants.X_OK);
                return join(folder, name);
            } catch {
                // The next one.
            }
        }
    }
    return null;
}

export async function startBrowser(): Promise<Browser> {
    const installed = onPath();
    if (installed) return chromium.launch({ executablePath: installed, args: ['--no-sandbox'] });
    // The package unpacks into the temporary folder of the moment.
    process.env.TMPDIR = environment().cache;
    const executablePath = await bundled.executablePath();
    return chromium.launch({ executablePath, args: [...bundled.args.filter((arg) => !arg.startsWith('--headless')), '--no-sandbox'] });
}
