/** What a run of the browser tests needs from outside; `cargo xtask test app` fills it in. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type Environment = { localnet: string; program: string; dist: string; cache: string; screenshots: string };

function needed(name: string): string {
    const value = process.env[name];
    if (!value || !existsSync(value)) throw new Error(`${name} must name an existing file; \`cargo xtask test app\` sets it`);
    return value;
}

export const environment = (): Environment => ({
    localnet: needed('UPSIDE_LOCALNET_BIN'),
    program: needed('UPSIDE_PROGRAM_SO'),
    dist: process.env.UPSIDE_APP_DIST ?? fileURLToPath(new URL('../../dist', import.meta.url)),
    cache: needed('UPSIDE_CACHE'),
    screenshots: process.env.UPSIDE_APP_SCREENSHOTS ?? '',
});
