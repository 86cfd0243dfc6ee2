//! Hooks with real files and real children.

use super::*;
use crate::init::Hooks;
use crate::testing::config;

/// A folder of hooks, gone with its test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("cumulet-init-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        Self(folder)
    }

    fn add(&self, path: &str, mode: u32, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn hooks(&self, more: &[(&str, &str)]) -> Hooks {
        let folder = self.0.to_str().unwrap();
        let variables = [&[("CUMULET_INIT_DIR", folder)], more].concat();
        Hooks::new(&config(&variables))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn states(hooks: &Hooks) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let scripts = hooks.page()["scripts"].as_array().unwrap().clone();
    scripts.iter().map(|script| (text(&script["name"]), text(&script["state"]))).collect()
}

#[tokio::test]
async fn scripts_run_by_name_and_those_of_folders_last() {
    let folder = Folder::new("order");
    let log = folder.0.join("log");
    let say = |word: &str| format!("echo {word} >> {}\n", log.display());
    folder.add("ready.d/a/z.sh", 0o755, &format!("#!/bin/sh\n{}", say("z")));
    folder.add("ready.d/02.sh", 0o644, &say("two"));
    folder.add("ready.d/01-no-shebang.sh", 0o755, &say("one"));
    folder.add("ready.d/03-program", 0o755, &format!("#!/bin/sh\n{}", say("three")));
    folder.add("ready.d/notes.txt", 0o644, "not a script");
    let hooks = folder.hooks(&[]);
    hooks.run(Stage::Ready).await;
    assert_eq!(fs::read_to_string(&log).unwrap(), "one\ntwo\nthree\nz\n");
    assert_eq!(hooks.page()["completed"]["READY"], true);
    assert_eq!(hooks.stage_page(Stage::Boot), json!({"completed": false, "scripts": []}));
}

#[tokio::test]
async fn a_failure_is_an_error_and_the_next_script_runs() {
    let folder = Folder::new("failure");
    folder.add("start.d/1.sh", 0o755, "#!/bin/sh\nexit 3\n");
    folder.add("start.d/2.sh", 0o755, "#!/nowhere/bash\n");
    folder.add("start.d/3.sh", 0o755, "#!/bin/sh\n");
    let hooks = folder.hooks(&[]);
    assert_eq!(states(&hooks)[0].1, "UNKNOWN");
    hooks.run(Stage::Start).await;
    let states = states(&hooks);
    let states: Vec<_> =
        states.iter().map(|(name, state)| (name.as_str(), state.as_str())).collect();
    assert_eq!(states, [("1.sh", "ERROR"), ("2.sh", "ERROR"), ("3.sh", "SUCCESSFUL")]);
    let told = hooks.scripts.run_script(&folder.0.join("start.d/1.sh")).await.unwrap_err();
    assert!(told.contains('3'), "{told}");
    let told = hooks.scripts.run_script(&folder.0.join("start.d/2.sh")).await.unwrap_err();
    assert!(told.contains("/nowhere/bash is not here"), "{told}");
}

#[tokio::test]
async fn scripts_find_this_server_in_their_environment() {
    let folder = Folder::new("environment");
    let out = folder.0.join("out");
    let script = format!("echo $AWS_ENDPOINT_URL $AWS_ACCESS_KEY_ID > {}\n", out.display());
    folder.add("boot.d/x.sh", 0o644, &script);
    let listen = ("GATEWAY_LISTEN", "0.0.0.0:4510");
    folder.hooks(&[listen, ("LOCALSTACK_HOST", "far.test")]).run(Stage::Boot).await;
    assert_eq!(fs::read_to_string(&out).unwrap(), "http://127.0.0.1:4510 test\n");
    let own = folder.hooks(&[listen, ("AWS_PROFILE", "own")]);
    assert!(own.scripts.environment.iter().all(|(name, _)| *name != "AWS_ACCESS_KEY_ID"));
}

#[tokio::test]
async fn a_script_ends_with_whoever_waits_for_it() {
    let folder = Folder::new("killed");
    folder.add("ready.d/long.sh", 0o755, "#!/bin/sh\nexec tail -f /dev/null\n");
    let hooks = folder.hooks(&[]);
    let running = hooks.scripts.start(&folder.0.join("ready.d/long.sh")).await.unwrap();
    let process = PathBuf::from(format!("/proc/{}", running.0.id()));
    assert!(process.exists());
    drop(running);
    assert!(!process.exists());
}
