use super::*;

fn load(toml: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dialbench.toml");
    std::fs::write(&path, toml).unwrap();
    let overrides = Overrides { config: Some(path), ..Overrides::default() };
    let lookup = |name: &str| {
        environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    Config::load(overrides, &lookup).map_err(|error| error.to_string())
}

#[test]
fn an_error_names_its_key() {
    let check = |toml: &str, expect: &str| {
        let error = load(toml, &[]).unwrap_err();
        assert!(error.contains(expect), "{toml}: {error}");
    };
    check("listen = \"here\"", "listen");
    check("profile = \"production\"", "profile");
    check("unknown = 1", "unknown");
    check("[limits]\nvariabels = 3", "variabels");
    check("[limits]\nvariables = -3", "variables");
    check("[service.flow]\nbase_url = \"https://api.{region}.example\"", "service.flow.base_url");
    check("[service.flow]\nbase_url = \"ftp://example\"", "service.flow.base_url");
    check("[service.flow]\ntoken_style = \"magic\"", "token_style");
    check("[service.flow]\nscopes = [\"a b\"]", "service.flow.scopes");
    check("[service.voice]\nbase_url = \"https://me:secret@example\"", "service.voice.base_url");
    check("[service.sales]\nbase_url = \"https://example\"", "sales");
    check("[qa]\nendpoint = \"qa\"", "qa.endpoint");
    check("[analytics]\nwebhook = \"hooks\"", "analytics.webhook");
    check("[analytics]\nendpoint = \"https://hooks.example\"", "endpoint");
    check("allowed_origin = [\"https://a.example/path\"]", "allowed_origin");
    check("public_host = [\"a b\"]", "public_host");
    check("listen = \"0.0.0.0:1\"", "access_token_file");
    check("access_token_file = \"/nowhere\"", "access_token_file");
    check("max_connections = 0", "max_connections");
    check("max_client_connections = 0", "max_client_connections");
    check("max_pages = 0", "max_pages");
    check("max_client_pages = 0", "max_client_pages");
}

#[test]
fn what_is_not_configured_is_named() {
    let config = load("profile = \"tutorial\"", &[("CXONE_CLIENT_ID", "me")]).unwrap();
    let voice = &config.services[&Service::Voice];
    assert_eq!(
        voice.missing,
        [
            "service.voice.base_url (for example https://{tenant}.niceincontact.com)",
            "environment variable CXONE_CLIENT_SECRET (service.voice.client_secret_env)",
        ]
    );
    let media = &config.services[&Service::Media];
    assert_eq!(media.token_url.as_ref().unwrap().as_str(), "https://api.niceincontact.com/oauth/token");
    assert_eq!(media.missing.len(), 1);
}

#[test]
fn connections_and_pages_are_bounded_as_configured() {
    let tuning = load("max_connections = 7\nmax_client_connections = 3", &[]).unwrap().tuning;
    assert_eq!((tuning.max_connections, tuning.max_client_connections), (7, 3));
    let tuning = load("max_pages = 8\nmax_client_pages = 4", &[]).unwrap().tuning;
    assert_eq!((tuning.max_pages, tuning.max_client_pages), (8, 4));
    let (tuning, usual) = (load("", &[]).unwrap().tuning, Tuning::default());
    assert_eq!(tuning.max_connections, usual.max_connections);
    assert_eq!(tuning.max_client_connections, usual.max_client_connections);
    assert_eq!((tuning.max_pages, tuning.max_client_pages), (usual.max_pages, usual.max_client_pages));
}

#[test]
fn the_environment_beats_the_file() {
    let config = load(
        "[service.flow]\nbase_url = \"https://file.example\"\nrefresh_margin_s = 5",
        &[
            ("DIALBENCH_SERVICE_FLOW_BASE_URL", "https://env.example"),
            ("DIALBENCH_SERVICE_FLOW_REFRESH_MARGIN_S", "7"),
            ("DIALBENCH_SERVICE_DIALER_SCOPES", "a b"),
        ],
    )
    .unwrap();
    let flow = &config.services[&Service::Flow];
    assert_eq!(flow.base_url.as_ref().unwrap().as_str(), "https://env.example/");
    assert_eq!(flow.refresh_margin_s, 7);
    assert_eq!(config.services[&Service::Dialer].scopes, ["a", "b"]);
}

#[test]
fn secrets_come_from_the_named_variables() {
    let config = load(
        "[service.media]\nclient_id_env = \"MY_ID\"\nclient_secret_env = \"MY_SECRET\"",
        &[("MY_ID", "me"), ("MY_SECRET", "canary-secret")],
    )
    .unwrap();
    assert!(config.services[&Service::Media].missing.is_empty());
    assert!(!format!("{config:?}").contains("canary-secret"));
}

#[test]
fn the_example_is_complete_and_loads() {
    let example = include_str!("../../../dialbench.example.toml");
    let secrets = [("CXONE_CLIENT_ID", "me"), ("CXONE_CLIENT_SECRET", "secret")];
    let config = load(example, &secrets).unwrap();
    assert_eq!(config.profile, ProfileName::Tutorial);
    assert!(config.services.values().all(|service| service.missing.is_empty()));
    assert_eq!(config.limits, wire::api::Limits::default());
    // What the example says of each service is what holds where nothing is said.
    let addresses: String = Service::ALL
        .map(|service| {
            let url = config.services[&service].base_url.as_ref().unwrap();
            format!("[service.{service}]\nbase_url = \"{url}\"\n")
        })
        .concat();
    let bare = load(&addresses, &secrets).unwrap();
    for service in Service::ALL {
        let (said, usual) = (&config.services[&service], &bare.services[&service]);
        assert_eq!(said.token_url, usual.token_url);
        assert_eq!(said.token_style, usual.token_style);
        assert_eq!(said.scopes, usual.scopes);
        assert_eq!(said.refresh_margin_s, usual.refresh_margin_s);
    }
}

proptest::proptest! {
    #[test]
    fn no_file_is_fatal(text in "\\PC{0,120}") {
        let _ = load(&text, &[]);
    }

    #[test]
    fn limits_survive(variables in 0usize..10_000, depth in 0usize..10_000) {
        let config = load(&format!("[limits]\nvariables = {variables}\nflow_depth = {depth}"), &[]).unwrap();
        proptest::prop_assert_eq!((config.limits.variables, config.limits.flow_depth), (variables, depth));
    }
}
