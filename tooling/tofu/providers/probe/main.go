// A provider that says what it was given: digests of its environment and of the files that reached it, and its own arguments.
// It stands in for any provider, under that provider's address: a provider does not know its own.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dataschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	providerschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	address := "registry.opentofu.org/hashicorp/probe"
	if err := providerserver.Serve(context.Background(), func() provider.Provider { return probe{} }, providerserver.ServeOpts{Address: address, ProtocolVersion: 6}); err != nil {
		log.Fatal(err)
	}
}

// The arguments that recipes set, and some that modules set themselves. Lists are joined with a space.
var texts = []string{
	"profile", "region", "credentials", "project", "zone", "impersonate_service_account", "config_path", "config_context", "host", "token",
	"cloud", "username", "tenant_id", "client_id_file_path", "client_secret_file_path", "subscription_id", "environment",
}
var lists = []string{"shared_credentials_files", "shared_config_files"}

type probe struct{}

func (probe) Metadata(_ context.Context, _ provider.MetadataRequest, response *provider.MetadataResponse) {
	response.TypeName = "probe"
}

func (probe) Schema(_ context.Context, _ provider.SchemaRequest, response *provider.SchemaResponse) {
	response.Schema.Attributes = map[string]providerschema.Attribute{}
	for _, name := range texts {
		response.Schema.Attributes[name] = providerschema.StringAttribute{Optional: true}
	}
	for _, name := range lists {
		response.Schema.Attributes[name] = providerschema.ListAttribute{Optional: true, ElementType: types.StringType}
	}
}

func (probe) Configure(ctx context.Context, request provider.ConfigureRequest, response *provider.ConfigureResponse) {
	given := map[string]string{}
	for _, name := range texts {
		var value types.String
		response.Diagnostics.Append(request.Config.GetAttribute(ctx, path.Root(name), &value)...)
		if !value.IsNull() {
			given[name] = value.ValueString()
		}
	}
	for _, name := range lists {
		var value types.List
		response.Diagnostics.Append(request.Config.GetAttribute(ctx, path.Root(name), &value)...)
		if !value.IsNull() {
			var all []string
			response.Diagnostics.Append(value.ElementsAs(ctx, &all, false)...)
			given[name] = strings.Join(all, " ")
		}
	}
	response.DataSourceData = given
	response.ResourceData = given
}

func (probe) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return &seenNow{} }}
}

func (probe) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &seenAtApply{} }}
}

// What this process sees: digests by name, and its arguments as they are.
type seen struct {
	Env       map[string]string `tfsdk:"env"`
	Files     map[string]string `tfsdk:"files"`
	Below     map[string]string `tfsdk:"below"`
	Arguments map[string]string `tfsdk:"arguments"`
}

func look(given map[string]string) seen {
	found := seen{Env: map[string]string{}, Files: map[string]string{}, Below: map[string]string{}, Arguments: given}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		found.Env[name] = digest([]byte(value))
		if bytes, err := os.ReadFile(value); err == nil {
			found.Files[name] = digest(bytes)
			if folder, _, ok := strings.Cut(value, "/credentials/"); ok {
				below(folder+"/credentials", found.Below)
			}
		}
	}
	for name, value := range given {
		for _, file := range strings.Split(value, " ") {
			if bytes, err := os.ReadFile(file); err == nil {
				found.Files[name] = digest(bytes)
			}
		}
	}
	below("/credentials", found.Below)
	return found
}

func below(root string, found map[string]string) {
	_ = filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			bytes, _ := os.ReadFile(file)
			found[strings.TrimPrefix(file, root+"/")] = digest(bytes)
		}
		return nil
	})
}

func digest(bytes []byte) string {
	sum := sha256.Sum256(bytes)
	return hex.EncodeToString(sum[:])
}

type seenNow struct{ given map[string]string }

func (*seenNow) Metadata(_ context.Context, _ datasource.MetadataRequest, response *datasource.MetadataResponse) {
	response.TypeName = "probe_seen"
}

func (*seenNow) Schema(_ context.Context, _ datasource.SchemaRequest, response *datasource.SchemaResponse) {
	response.Schema.Attributes = map[string]dataschema.Attribute{}
	for _, name := range parts {
		response.Schema.Attributes[name] = dataschema.MapAttribute{Computed: true, ElementType: types.StringType}
	}
}

func (one *seenNow) Configure(_ context.Context, request datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	one.given, _ = request.ProviderData.(map[string]string)
}

func (one *seenNow) Read(ctx context.Context, _ datasource.ReadRequest, response *datasource.ReadResponse) {
	response.Diagnostics.Append(response.State.Set(ctx, look(one.given))...)
}

type seenAtApply struct{ given map[string]string }

func (*seenAtApply) Metadata(_ context.Context, _ resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = "probe_seen"
}

func (*seenAtApply) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	response.Schema.Attributes = map[string]resourceschema.Attribute{}
	for _, name := range parts {
		response.Schema.Attributes[name] = resourceschema.MapAttribute{Computed: true, ElementType: types.StringType}
	}
}

func (one *seenAtApply) Configure(_ context.Context, request resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	one.given, _ = request.ProviderData.(map[string]string)
}

func (one *seenAtApply) Create(ctx context.Context, _ resource.CreateRequest, response *resource.CreateResponse) {
	response.Diagnostics.Append(response.State.Set(ctx, look(one.given))...)
}

func (*seenAtApply) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (*seenAtApply) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}

func (*seenAtApply) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

var parts = []string{"env", "files", "below", "arguments"}
