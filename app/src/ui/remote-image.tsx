/** An image from a stranger's server: nothing is asked of it until the reader presses the button, and little is taken. */
import { useEffect, useState } from 'react';
import { visible } from '../display';
import { fetchImage, fetchImageAddress, parseRemote, type Remote } from './remote';

type State =
    | { phase: 'unasked'; remote: Remote; kind: 'metadata' | 'image' }
    | { phase: 'asking'; host: string }
    | { phase: 'shown'; url: string }
    | { phase: 'failed'; why: string };

export function RemoteImage({ uri, name }: { uri: string; name: string }) {
    const first = parseRemote(uri);
    const [state, setState] = useState<State | null>(first && { phase: 'unasked', remote: first, kind: 'metadata' });
    useEffect(() => {
        if (state?.phase !== 'shown') return;
        return () => URL.revokeObjectURL(state.url);
    }, [state]);

    const ask = async (remote: Remote, kind: 'metadata' | 'image') => {
        setState({ phase: 'asking', host: remote.host });
        try {
            if (kind === 'image') {
                setState({ phase: 'shown', url: URL.createObjectURL(await fetchImage(remote)) });
                return;
            }
            const found = await fetchImageAddress(remote);
            // The image may be on yet another server: that is another question.
            if (found instanceof Blob) setState({ phase: 'shown', url: URL.createObjectURL(found) });
            else if (found.host === remote.host) await ask(found, 'image');
            else setState({ phase: 'unasked', remote: found, kind: 'image' });
        } catch (error) {
            setState({ phase: 'failed', why: error instanceof Error ? visible(error.message, 160) : 'It cannot be shown.' });
        }
    };

    if (!state) return null;
    return (
        <div className="remote-image" aria-live="polite">
            {state.phase === 'unasked' && (
                <button type="button" className="secondary" onClick={() => void ask(state.remote, state.kind)}>
                    Show image from {visible(state.remote.host, 80)}
                </button>
            )}
            {state.phase === 'asking' && <p>Asking {visible(state.host, 80)}…</p>}
            {state.phase === 'shown' && <img src={state.url} alt={`Chosen by ${name} for itself`} width="160" height="160" />}
            {state.phase === 'failed' && <p className="problem">{state.why}</p>}
        </div>
    );
}
