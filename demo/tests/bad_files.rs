//! Files that are no stories: one sentence with the place, the line, a hint; nothing is started.

use std::process::{Command, Output};

use tempfile::TempDir;
use upside_demo::{
    story::{Source, Story},
    verb::Action,
};

const GOOD: &str = include_str!("../breaks-off.toml");

/// `GOOD` with `from`, which must be in it, replaced once.
fn bad(from: &str, to: &str) -> Source {
    assert!(GOOD.contains(from), "{from}");
    Source {
        name: "bad.toml".to_owned(),
        text: GOOD.replacen(from, to, 1),
    }
}

/// What is said about `GOOD` with `from` replaced by `to`; it must point at `at`.
fn said(from: &str, to: &str, at: &str) -> String {
    let source = bad(from, to);
    let problem = Story::read(&source).expect_err("a file that is wrong");
    let shown = problem.in_source(&source).to_string();
    let (line, column) = problem.in_source(&source).place();
    let text = source.text.lines().nth(line - 1).expect("a line");
    let pointed: String = text.chars().skip(column - 1).collect();
    assert!(pointed.starts_with(at), "{pointed:?} instead of {at:?}: {shown}");
    assert!(shown.starts_with(&format!("bad.toml:{line}:{column}: ")), "{shown}");
    let carets = shown.lines().nth(2).expect("a caret line");
    assert_eq!(
        carets.matches('^').count(),
        at.chars().count().min(pointed.chars().count()),
        "{shown}"
    );
    shown
}

#[test]
fn an_unknown_key_is_named_with_the_one_that_was_meant() {
    let shown = said("shares = 150", "share = 150", "share");
    assert!(shown.contains("the step \"send\" has no key \"share\""), "{shown}");
    assert!(shown.ends_with("hint: did you mean \"shares\"?"), "{shown}");
    assert!(said("headline", "headlin", "headlin").contains("did you mean \"headline\"?"));
    assert!(said("drip =", "dripp =", "dripp").contains("did you mean \"drip\"?"));
    assert!(said("role = \"singer\"", "rolle = \"singer\"", "rolle").contains("did you mean \"role\"?"));
}

#[test]
fn a_wrong_type_says_what_it_must_be() {
    let shown = said("shares = 150", "shares = true", "true");
    assert!(
        shown.contains("\"shares\" must be an amount, not true or false"),
        "{shown}"
    );
    assert!(said("time = \"10 days\"", "time = 10", "10").contains("must be a duration, not a whole number"));
    assert!(said("to = \"Jo\"", "to = [\"Jo\"]", "[\"Jo\"]").contains("must be a text, not a list"));
    assert!(said("equity = { GLBXx = 10 }", "equity = 10", "10").contains("must be a table, not a whole number"));
}

#[test]
fn an_unknown_person_is_named_with_the_one_who_was_meant() {
    let shown = said("to = \"Jo\"", "to = \"Joe\"", "\"Joe\"");
    assert!(shown.contains("nobody in this story is called \"Joe\""), "{shown}");
    assert!(shown.contains("did you mean \"Jo\"?"), "{shown}");
    let shown = said("issuer = \"Mira\"", "issuer = \"Somebody else\"", "\"Somebody else\"");
    assert!(shown.contains("there are: Mira, Jo, Label"), "{shown}");
}

#[test]
fn an_unknown_mint_is_named_with_the_one_that_was_meant() {
    assert!(said("equity = [\"GLBXx\"]", "equity = [\"GLBX\"]", "\"GLBX\"").contains("did you mean \"GLBXx\"?"));
    assert!(said("equity = \"GLBXx\"", "equity = \"ACMEx\"", "\"ACMEx\"")
        .contains("the mints of this story have no equity"));
    assert!(said("money = \"USDC\"", "money = \"USDT\"", "\"USDT\"").contains("did you mean \"USDC\"?"));
    assert!(said("{ GLBXx = 10 }", "{ GLBXy = 10 }", "GLBXy").contains("did you mean \"GLBXx\"?"));
}

#[test]
fn prices_name_assets_of_the_story_and_every_asset_has_one_when_everybody_is_valued() {
    let valued = "[[steps]]\nverb = \"value-everyone\"\nwhen = \"now\"\n\n[[steps]]\nverb = \"claim\"";
    let step = "[[steps]]\nverb = \"claim\"";
    let shown = said(step, valued, "\"value-everyone\"");
    assert!(shown.contains("the story has no price of GLBXx"), "{shown}");
    assert!(shown.contains("add GLBXx = 12.50 to a table [prices]"), "{shown}");
    let people = "[[people]]\nname = \"Mira\"";
    let priced = |line: &str| format!("[prices]\n{line}\n\n{people}");
    assert!(said(people, &priced("GLBX = 20"), "GLBX").contains("did you mean \"GLBXx\"?"));
    assert!(said(people, &priced("GLBXx = 0.1234567"), "0.1234567").contains("more than 6 decimals"));

    let with_price = Source {
        name: "priced.toml".to_owned(),
        text: bad(step, valued).text.replacen(people, &priced("GLBXx = 20"), 1),
    };
    let told = |text: &str| {
        let source = Source {
            text: text.to_owned(),
            ..with_price.clone()
        };
        Story::read(&source).map(|story| {
            let step = story.steps.iter().find(|step| step.action.name() == "value-everyone");
            step.expect("the step").title.clone()
        })
    };
    let everybody = "What everybody has is valued through all layers: GLBXx at";
    assert_eq!(told(&with_price.text), Ok(format!("{everybody} 20.00 USDC")));
    // A step may have prices of its own.
    let own = with_price
        .text
        .replace("when = \"now\"", "when = \"now\"\nprices = { GLBXx = 2.5 }");
    assert_eq!(told(&own), Ok(format!("{everybody} 2.50 USDC")));
    for when in ["", "in the middle of the night"] {
        let text = with_price.text.replace("\"now\"", &format!("{when:?}"));
        let problem = told(&text).expect_err("no moment that fits above a column");
        assert!(
            problem.message.contains("say when in 1 to 16 characters"),
            "{problem:?}"
        );
    }
}

#[test]
fn several_securities_are_named_once_each_and_never_the_one_that_holds() {
    let two = GOOD.replacen(
        "[[steps]]",
        "[[securities]]\nsymbol = \"ALBUM\"\nname = \"Album\"\nkind = \"expression\"\nindex = 1\nissuer = \"Mira\"\nauthorised = 9\n\
         initial = 3\ndrip = \"7 days\"\n\n[[steps]]\nverb = \"open-share-vault\"\nof = \"ALBUM\"\nheld = [\"SONG\"]\n\n[[steps]]",
        1,
    );
    let said = |held: &str| {
        let source = Source {
            name: "two.toml".to_owned(),
            text: two.replacen("held = [\"SONG\"]", &format!("held = {held}"), 1),
        };
        Story::read(&source).expect_err("a file that is wrong").message
    };
    assert!(said("[\"SONG\", \"SONG\"]").contains("named twice"));
    assert!(said("[\"ALBUM\"]").contains("never holds itself"));
    assert!(said("\"ALBUM\"").contains("never holds itself"));
    assert!(said("[\"SONGS\"]").contains("no security of this story has the symbol"));
    assert!(said("[]").contains("name at least one"));
    assert!(said("7").contains("must be a list of texts"));
}

#[test]
fn a_bad_amount_says_why() {
    for (amount, why) in [
        ("-1", "no sign"),
        ("1.2345678", "more than 6 decimals"),
        ("\"1,5\"", "no separators"),
        ("1e3", "only digits"),
        ("99999999999999999", "too large"),
        ("\"\"", "missing"),
        ("nan", "only digits"),
    ] {
        let shown = said("shares = 150", &format!("shares = {amount}"), amount);
        assert!(
            shown.contains("\"shares\" is no amount") && shown.contains(why),
            "{shown}"
        );
    }
}

#[test]
fn amounts_are_exact_however_they_are_written() {
    for amount in ["150", "150.0", "\"150\"", "150.000000", "1_5_0"] {
        let source = bad("shares = 150", &format!("shares = {amount}"));
        let story = Story::read(&source).unwrap_or_else(|problem| panic!("{}", problem.in_source(&source)));
        assert_eq!(story.steps[1].action.sentence(&story), "Mira sends 150 SONG to Jo");
    }
    let story = Story::read(&bad("shares = 150", "shares = 0.000001")).expect("an atom");
    assert_eq!(story.steps[1].action.sentence(&story), "Mira sends 0.000001 SONG to Jo");
}

#[test]
fn a_bad_duration_shows_how_one_is_written() {
    let shown = said("time = \"10 days\"", "time = \"10 dogs\"", "\"10 dogs\"");
    assert!(
        shown.contains("no duration") && shown.contains("write it like \"30 days\""),
        "{shown}"
    );
}

#[test]
fn an_unknown_verb_is_named_with_the_one_that_was_meant() {
    let shown = said("verb = \"send\"", "verb = \"sned\"", "\"sned\"");
    assert!(shown.contains("there is no verb \"sned\""), "{shown}");
    assert!(shown.contains("did you mean \"send\"?"), "{shown}");
    assert!(said("verb = \"send\"", "verb = \"dance\"", "\"dance\"").contains("there are: create, issue"));
}

#[test]
fn an_error_that_nobody_refuses_with_is_refused() {
    let shown = said(
        "shares = 150\n",
        "shares = 150\nrefused = \"NotEnoughShare\"\n",
        "\"NotEnoughShare\"",
    );
    assert!(shown.contains("did you mean \"NotEnoughShares\"?"), "{shown}");
}

#[test]
fn a_missing_key_is_named_at_its_table() {
    let source = bad("shares = 150\n", "");
    let problem = Story::read(&source).expect_err("a key is missing");
    assert_eq!(problem.message, "the step \"send\" needs the key \"shares\"");
    let (line, _) = problem.in_source(&source).place();
    assert_eq!(source.text.lines().nth(line - 1), Some("[[steps]]"));
    assert_eq!(source.text.lines().nth(line), Some("verb = \"send\""));
}

#[test]
fn terms_that_the_program_refuses_are_refused_before_anything_starts() {
    let source = bad("drip = \"7 days\"", "drip = \"1 minute\"");
    let problem = Story::read(&source).expect_err("terms out of range");
    assert!(
        problem
            .message
            .contains("the terms of SONG are refused: drip_seconds must be 3,600"),
        "{}",
        problem.message
    );
    assert!(said("initial = 600", "initial = 1001", "1001").contains("must not exceed"));
    assert!(said(
        "symbol = \"SONG\"",
        "symbol = \"SEVENTEEN-LETTERS\"",
        "\"SEVENTEEN-LETTERS\""
    )
    .contains("1 to 16 bytes"));
}

#[test]
fn what_must_be_unique_is() {
    assert!(said("name = \"Jo\"", "name = \"Mira\"", "\"Mira\"").contains("two people are called \"Mira\""));
    let again = "[[securities]]\nsymbol = \"SONG2\"\nname = \"x\"\nkind = \"expression\"\nissuer = \"Mira\"\nauthorised = 10\ninitial = 1\ndrip = \"1 day\"\n\n[[steps]]";
    let source = bad("[[steps]]", again);
    let problem = Story::read(&source).expect_err("the same security twice");
    assert!(problem.message.contains("are the same security"), "{}", problem.message);
    let source = bad("[[steps]]", &again.replace("SONG2", "SONG"));
    assert!(Story::read(&source)
        .expect_err("one symbol twice")
        .message
        .contains("two securities"));
    // With two securities a step must say which it means.
    let source = bad("[[steps]]", &again.replace("drip", "index = 1\ndrip"));
    let problem = Story::read(&source).expect_err("of is missing");
    assert_eq!(problem.message, "the step \"create\" needs the key \"of\"");
}

#[test]
fn what_is_not_toml_has_a_place_too() {
    let source = bad("shares = 150", "shares = ");
    let problem = Story::read(&source).expect_err("not TOML");
    let shown = problem.in_source(&source).to_string();
    assert!(shown.contains("this is not TOML"), "{shown}");
    assert_eq!(
        shown.lines().nth(1).expect("the line").trim_end(),
        format!(" {} | shares =", problem.in_source(&source).place().0)
    );
    let twice = bad("shares = 150", "shares = 150\nshares = 151");
    assert!(Story::read(&twice).is_err());
    for text in ["", "headline = \"x\"", "[[[", "\u{0}", "headline = \"\u{fc}"] {
        let source = Source {
            name: "x".to_owned(),
            text: text.to_owned(),
        };
        let problem = Story::read(&source).expect_err("no story");
        assert!(problem.in_source(&source).to_string().starts_with("x:1:"), "{text:?}");
    }
}

fn run(file: &str, content: Option<&[u8]>) -> Output {
    let directory = TempDir::new().expect("a folder");
    let path = directory.path().join(file);
    if let Some(content) = content {
        std::fs::write(&path, content).expect("a file");
    }
    // Neither the program nor the validator exists: whoever starts something before the story is read fails otherwise.
    Command::new(env!("CARGO_BIN_EXE_upside-demo"))
        .args(["--program", "missing.so", "--localnet", "missing", "--story"])
        .arg(&path)
        .output()
        .expect("the demo runs")
}

#[test]
fn a_bad_file_starts_nothing_and_ends_with_its_own_exit_code() {
    let output = run(
        "bad.toml",
        Some(bad("verb = \"send\"", "verb = \"sned\"").text.as_bytes()),
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.starts_with("error: ") && error.contains("bad.toml:"), "{error}");
    assert!(error.contains("\nhint: did you mean \"send\"?"), "{error}");

    let output = run("none.toml", None);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("none.toml cannot be read"));
    let output = run("latin.toml", Some(b"headline = \"\xff\""));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not UTF-8 text"));
}

#[test]
fn the_readme_names_every_verb_with_its_keys() {
    let readme = include_str!("../README.md");
    for verb in Action::NAMES {
        let row = readme
            .lines()
            .filter(|line| line.starts_with('|'))
            .find(|line| {
                line.split('|')
                    .nth(1)
                    .is_some_and(|cell| cell.contains(&format!("`{verb}`")))
            })
            .unwrap_or_else(|| panic!("README.md has no row for {verb}"));
        let keys = row.split('|').nth(2).expect("a cell of keys");
        for key in Action::keys(verb).expect("a verb").iter().filter(|key| **key != "of") {
            assert!(keys.contains(&format!("`{key}`")), "{verb}: {key}");
        }
    }
}
