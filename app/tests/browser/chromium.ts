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
    // The package unpacks into the temporary folder of the moment.
    process.env.TMPDIR = environment().cache;
    // The package's own arguments are for servers: among them is one process for all windows, which then share what they store.
    return chromium.launch({ executablePath: onPath() ?? (await bundled.executablePath()), args: ['--no-sandbox'] });
}
