/** Which server, and how the page looks. */
import { useState } from 'react';
import { ENDPOINT } from '../chain/connection';
import { CLUSTER_NAMES } from '../chain/cluster';
import { chooseEndpoint, linkedEndpoint, parseEndpoint, websocketOf } from '../chain/endpoint';
import { readNetwork } from '../chain/network';
import { Choice, TextField } from '../ui/fields';
import { useQuery } from '../ui/hooks';
import { Card, Facts, Loaded } from '../ui/parts';
import { applyTheme, theme, type Theme } from '../ui/theme';

function Server() {
    const linked = linkedEndpoint(location.search);
    const [text, setText] = useState(linked?.url ?? ENDPOINT);
    const parsed = parseEndpoint(text);
    const network = useQuery('network', readNetwork);
    return (
        <Card title="Network server">
            <p>
                The server decides what you see here; your wallet decides what is signed. Use one that you trust: your own, or your
                provider’s.
            </p>
            <form
                onSubmit={(event) => {
                    event.preventDefault();
                    if ('url' in parsed) chooseEndpoint(parsed.url);
                }}
            >
                <TextField
                    label="Address of the RPC server"
                    type="url"
                    mono
                    value={text}
                    onChange={setText}
                    problem={'problem' in parsed ? parsed.problem : null}
                    hint={'url' in parsed ? <>Websocket: {websocketOf(parsed.url)}</> : undefined}
                />
                <div className="buttons">
                    <button type="submit" className="primary" disabled={'problem' in parsed}>
                        Use this server
                    </button>
                </div>
            </form>
            <Loaded query={network} what="the network">
                {({ cluster, genesis, program }) => (
                    <Facts
                        items={[
                            ['Network', CLUSTER_NAMES[cluster]],
                            ['Genesis', <code key="genesis">{genesis}</code>],
                            ['Upside program', program === 'present' ? 'is there' : 'is not there'],
                        ]}
                    />
                )}
            </Loaded>
        </Card>
    );
}

export default function Settings() {
    const [chosen, setChosen] = useState<Theme>(theme());
    return (
        <>
            <h1>Settings</h1>
            <Server />
            <Card title="Look">
                <Choice
                    label="Colours"
                    value={chosen}
                    options={[
                        { value: 'system', label: 'As the system has it' },
                        { value: 'light', label: 'Light' },
                        { value: 'dark', label: 'Dark' },
                    ]}
                    onChange={(value) => {
                        setChosen(value);
                        applyTheme(value);
                    }}
                />
            </Card>
        </>
    );
}
